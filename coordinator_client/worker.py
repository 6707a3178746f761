"""The runtime of a worker: handlers on the caller's event loop, the session in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence

import grpc.aio

from coordinator_client.attempts import Assignment, Attempts
from coordinator_client.claimer import Claimer
from coordinator_client.job_context import Handler
from coordinator_client.leases import Lease
from coordinator_client.loop_thread import LoopThread, post
from coordinator_client.profile import WorkerProfile

DEFAULT_CONCURRENCY = 5
DEFAULT_GRACE_SECONDS = 8.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class WorkerRuntime:
    """Claims jobs and runs their handlers; when the stream breaks, resumes the session while the handlers go on.

    A handler is a coroutine function that takes a JobContext. When the job is done it returns None, or a result that
    JSON can hold (16 KiB at most), and the runtime completes it; `Ended.ALREADY` when a call of its own did so. It
    raises PermanentFailure, AttemptFailure, Snooze or Release; any other exception is a failed attempt of which only
    the exception's type is told. One that blocks the event loop keeps its lease, for the pings go over another, but
    keeps other handlers waiting, and cannot be stopped; see `JobContext.is_cancelled`.
    """

    def __init__(
        self,
        open_channel: Callable[[], grpc.aio.Channel],
        *,
        worker: str,
        queues: Sequence[str],
        handlers: Mapping[str, Handler],
        concurrency: int = DEFAULT_CONCURRENCY,
        max_bytes: int | None = None,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> None:
        """Takes what the worker is.

        Args:
            open_channel: gives a new channel for each stream, so that none inherits a dead connection, and one for
                the handlers; called on the event loop that is to use it.
            worker: its name, for people who look after workers.
            queues: where it claims from.
            handlers: by the kind of job.
            concurrency: jobs at a time, over all queues.
            max_bytes: bytes of payloads and files held at a time.
            grace_seconds: how long running handlers may take to finish once the worker is to stop.
        """
        self._open_channel = open_channel
        self._profile = WorkerProfile(worker, queues, handlers, concurrency, max_bytes)
        self._grace_seconds = grace_seconds
        self._is_stopping = False
        self._claims: tuple[LoopThread, Claimer] | None = None

    async def run(self, *, handle_signals: bool = True) -> None:
        """Works until `stop` is called, or SIGTERM or SIGINT come where the runtime handles them.

        To be called once. When it returns or raises, cancelled too, its thread and its calls have ended.

        Raises:
            InvalidRequest: the coordinator takes no worker of that name, or with such queues or kinds.
            Unauthenticated, PermissionDenied: it takes none with this token.
        """
        with _signals_call(self.stop) if handle_signals else contextlib.nullcontext():
            if not self._is_stopping:
                await self._work()

    def stop(self) -> None:
        """Takes no more jobs, lets handlers finish within the grace, gives the rest back, and ends `run`.

        May be called from any thread, before `run` too.
        """
        self._is_stopping = True
        if self._claims is not None:
            thread, claimer = self._claims
            thread.post(claimer.stop, self._grace_seconds)

    def set_concurrency(self, jobs: int) -> None:
        """Takes so many jobs at a time from now on; what runs beyond that runs to its end.

        May be called from any thread, before `run` too.
        """
        self._profile = dataclasses.replace(self._profile, concurrency=jobs)
        if self._claims is not None:
            thread, claimer = self._claims
            thread.post(claimer.set_concurrency, jobs)

    async def _work(self) -> None:
        crossing = _Crossing()
        channel = self._open_channel()
        claimer = Claimer(self._profile, self._open_channel, crossing)
        thread = LoopThread("claims")
        attempts = crossing.attempts = Attempts(
            self._profile.handlers,
            channel,
            report=lambda *report: thread.ask(claimer.report_progress(*report)),
            ended=lambda outcomes: thread.post(claimer.end, outcomes),
        )
        self._claims = thread, claimer
        if self._is_stopping:
            self.stop()
        try:
            await thread.run(claimer.run)
        finally:
            try:
                await attempts.abandon()
            finally:
                await channel.close()


class _Crossing:
    """The way from the session's thread to the handlers' loop."""

    attempts: Attempts

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def begin(self, assignments: Sequence[Assignment]) -> None:
        post(self._loop, self.attempts.begin, assignments)

    def stop(self, leases: Sequence[Lease]) -> None:
        post(self._loop, self.attempts.stop, leases)


@contextlib.contextmanager
def _signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """Has SIGTERM and SIGINT call `stop`: at once, where a handler blocks the event loop too."""
    former = {number: signal.signal(number, lambda *_: stop()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
