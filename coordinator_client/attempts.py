"""The attempts that run at the same time, on the handlers' event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import grpc.aio

from coordinator_client.attempt import Outcome, outcome_of
from coordinator_client.job_context import Handler, JobContext, ReportProgress
from coordinator_client.leases import ClaimedJob, Lease
from coordinator_client.outcomes import AttemptFailure, Ended
from coordinator_client.stop_signal import EndReason, StopSignal

# How long to wait for a cancelled handler; one that ignores it has its task left behind.
CANCELLATION_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """An attempt as the session's thread hands it over; it ends at `ends_at` by `time.monotonic`."""

    job: ClaimedJob
    signal: StopSignal
    ends_at: float


@dataclass(frozen=True, slots=True)
class _Running:
    signal: StopSignal
    task: asyncio.Task[Outcome]
    deadline: asyncio.TimerHandle

    def stop(self) -> None:
        """Cancels the handler, whose signal says why."""
        self.deadline.cancel()
        self.task.cancel()


class Attempts:
    """Runs handlers and tells how they ended; knows nothing of sessions."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        channel: grpc.aio.Channel,
        *,
        report: ReportProgress,
        ended: Callable[[list[tuple[Lease, Outcome]]], object],
    ) -> None:
        """Takes what is called with the attempts that ended, in batches."""
        self._handlers = handlers
        self._channel = channel
        self._report = report
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._running: dict[Lease, _Running] = {}
        self._outcomes: list[tuple[Lease, Outcome]] = []

    def begin(self, assignments: Iterable[Assignment]) -> None:
        """Starts handlers."""
        for assignment in assignments:
            self._begin(assignment)

    def stop(self, leases: Sequence[Lease]) -> None:
        """Stops the handlers of attempts whose signals were given."""
        for lease in leases:
            if (running := self._running.get(lease)) is not None:
                running.stop()

    async def abandon(self) -> None:
        """Stops everything; how it ended interests nobody any more."""
        for running in self._running.values():
            running.signal.give(EndReason.STOPPING)
            running.stop()
        if tasks := [running.task for running in self._running.values()]:
            await asyncio.wait(tasks, timeout=CANCELLATION_SECONDS)
        for lease in self._running:
            logger.error("Job %s: the handler ignores that it is cancelled", lease)

    def _begin(self, assignment: Assignment) -> None:
        job, signal = assignment.job, assignment.signal
        context = JobContext(job, signal, assignment.ends_at, self._channel, self._report)
        handler = self._handlers.get(job.kind, _no_handler)
        task = asyncio.create_task(outcome_of(context, handler), name=f"job {job.lease}")
        deadline = self._loop.call_later(context.seconds_left, self._expire, job.lease)
        self._running[job.lease] = _Running(signal, task, deadline)
        task.add_done_callback(partial(self._forget, job.lease))

    def _expire(self, lease: Lease) -> None:
        running = self._running[lease]
        running.signal.give(EndReason.DEADLINE)
        running.stop()

    def _forget(self, lease: Lease, task: asyncio.Task[Outcome]) -> None:
        self._running.pop(lease).deadline.cancel()
        broke = task.cancelled() or task.exception() is not None
        self._note(lease, None if broke else task.result())

    def _note(self, lease: Lease, outcome: Outcome) -> None:
        """Collects what ends in one round of the loop: crossing threads costs more than the rest of an attempt."""
        if not self._outcomes:
            self._loop.call_soon(self._hand_over)
        self._outcomes.append((lease, outcome))

    def _hand_over(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        self._ended(outcomes)


async def _no_handler(context: JobContext) -> Ended:
    raise AttemptFailure("NO_HANDLER", f"The worker has no handler for jobs of kind {context.kind}.")
