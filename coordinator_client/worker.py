"""The runtime of a worker: keeps a session open for as long as the worker lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence

import grpc.aio

from coordinator_client.backoff import Backoff
from coordinator_client.errors import CoordinatorError
from coordinator_client.job_context import Handler
from coordinator_client.profile import WorkerProfile
from coordinator_client.session import Session

DEFAULT_CONCURRENCY = 5
DEFAULT_GRACE_SECONDS = 8.0
# A session that lasted this long was a good one: after it the first reconnect is immediate again.
GOOD_SESSION_SECONDS = 5.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


class WorkerRuntime:
    """Claims jobs and runs their handlers, and reconnects whenever the stream breaks.

    A handler is a coroutine function that takes a JobContext. It returns None when the job is done, and the
    runtime completes it; `Ended.ALREADY` when a call of its own did so. It raises PermanentFailure,
    AttemptFailure or Release; any other exception is a failed attempt of which only the exception's type is
    told. It must not block the event loop: the pings that keep its lease go over it.
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
            open_channel: gives a new channel for each session, so that none inherits a dead connection.
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
        self._backoff = Backoff(base_seconds=0.5, ceiling_seconds=5.0)
        self._stopping = asyncio.Event()
        self._session: Session | None = None

    async def run(self, *, handle_signals: bool = True) -> None:
        """Works until `stop` is called, or SIGTERM or SIGINT come where the runtime handles them."""
        with _signals_call(self.stop) if handle_signals else contextlib.nullcontext():
            loop = asyncio.get_running_loop()
            failures = 0
            while not self._stopping.is_set():
                began = loop.time()
                await self._work()
                failures = 1 if loop.time() - began >= GOOD_SESSION_SECONDS else failures + 1
                # The first reconnect is immediate; the others spread out, for all workers lost their streams
                # at once.
                await self._pause(self._backoff.seconds(failures - 1) if failures > 1 else 0.0)

    def stop(self) -> None:
        """Takes no more jobs, lets handlers finish within the grace, gives the rest back, and ends `run`."""
        logger.info("Stopping")
        self._stopping.set()
        if self._session is not None:
            self._session.drain(self._grace_seconds)

    async def _work(self) -> None:
        """Keeps one session until it ends."""
        channel = self._open_channel()
        self._session = Session(channel, self._profile)
        try:
            await self._session.run()
        except CoordinatorError as error:
            logger.warning("The session is over: %s", error)
        finally:
            self._session = None
            await channel.close()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


@contextlib.contextmanager
def _signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """Has SIGTERM and SIGINT call `stop`, on platforms whose event loops know signals."""
    loop = asyncio.get_running_loop()
    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
