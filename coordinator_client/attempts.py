"""The attempts that one session runs at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial

import grpc.aio

from coordinator_client.attempt import run_attempt
from coordinator_client.job_context import JobContext
from coordinator_client.leases import ClaimedJob, Lease
from coordinator_client.outcomes import AttemptFailure, Ended
from coordinator_client.profile import WorkerProfile
from coordinator_client.verbs import Verbs

# How long to wait for a cancelled handler; one that ignores it has its task left behind.
CANCELLATION_SECONDS = 1.0
RELEASE_SECONDS = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    context: JobContext
    task: asyncio.Task[None]

    def cancel(self) -> None:
        self.context.cancel()
        self.task.cancel()


class Attempts:
    """Starts attempts, stops those whose leases are lost, and winds up at the end of a session."""

    def __init__(self, profile: WorkerProfile, channel: grpc.aio.Channel, ended: Callable[[ClaimedJob], None]) -> None:
        """Takes what is called with each job that has ended, one way or another."""
        self._profile = profile
        self._channel = channel
        self._ended = ended
        self._verbs = Verbs(channel)
        self._running: dict[Lease, _Running] = {}

    def begin(self, job: ClaimedJob) -> None:
        """Starts the handler for a job."""
        context = JobContext(job, self._channel)
        handler = self._profile.handlers.get(job.kind, _no_handler)
        self._track(job, context, run_attempt(context, handler, self._verbs))

    def give_back(self, job: ClaimedJob) -> None:
        """Releases a job that is not to be started."""
        self._track(job, JobContext(job, self._channel), self._verbs.release([job.lease]))

    def lose(self, leases: Iterable[Lease]) -> None:
        """Stops the attempts whose leases are lost; nothing more is said about them."""
        for lease in leases:
            running = self._running.get(lease)
            if running is not None:
                logger.warning("Job %s: the lease is lost, its handler is stopped", lease)
                running.cancel()

    async def wind_up(self, grace_seconds: float) -> None:
        """Lets what runs finish for so long, then stops the rest and gives it back, attempts uncounted."""
        await self._wait(grace_seconds)
        rest = list(self._running)
        await self._stop()
        if rest:
            logger.info("Giving back %d jobs that did not finish in time", len(rest))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._verbs.release(rest)

    async def abandon(self) -> None:
        """Stops everything, and says nothing to the coordinator any more: the leases are gone."""
        await self._stop()
        await self._verbs.close()

    def _track(self, job: ClaimedJob, context: JobContext, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"job {job.lease}")
        self._running[job.lease] = _Running(context, task)
        task.add_done_callback(partial(self._forget, job))

    def _forget(self, job: ClaimedJob, task: asyncio.Task[None]) -> None:
        del self._running[job.lease]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Job %s: ending its attempt broke", job.lease, exc_info=error)
        self._ended(job)

    async def _stop(self) -> None:
        for running in self._running.values():
            running.cancel()
        await self._wait(CANCELLATION_SECONDS)
        for lease in self._running:
            logger.error("Job %s: the handler ignores that it is cancelled", lease)

    async def _wait(self, seconds: float) -> None:
        """Waits until nothing runs any more, but not longer than that."""
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)


async def _no_handler(context: JobContext) -> Ended | None:
    raise AttemptFailure("NO_HANDLER", f"The worker has no handler for jobs of kind {context.kind}.")
