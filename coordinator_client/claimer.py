"""The side of a worker that speaks to the coordinator: sessions, one after the other, on a loop of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import grpc.aio

from coordinator_client.attempt import Outcome
from coordinator_client.credit import Capacity
from coordinator_client.holdings import Handlers, Holdings
from coordinator_client.leases import Lease
from coordinator_client.profile import WorkerProfile
from coordinator_client.session import Session
from coordinator_client.verbs import Verbs
from protos.jobs.v1 import job_pb2

logger = logging.getLogger(__name__)


class Claimer:
    """Claims jobs and ends attempts; all of it belongs to the loop that runs it."""

    def __init__(
        self, profile: WorkerProfile, open_channel: Callable[[], grpc.aio.Channel], handlers: Handlers
    ) -> None:
        self._profile = profile
        self._open_channel = open_channel
        self._capacity = Capacity(profile.concurrency, profile.max_bytes)
        self._verbs = Verbs()
        self._holdings = Holdings(handlers, self._verbs, self._note_end)
        self._stopping = asyncio.Event()
        # Until when handlers may finish once it is to stop, by the loop's clock.
        self._leave_by = float("inf")
        self._session: Session | None = None

    async def run(self) -> None:
        """Keeps a session open until it is asked to stop."""
        while not self._stopping.is_set():
            self._session = Session(
                self._profile, self._open_channel, self._holdings, self._verbs, self._capacity, self._retire
            )
            await self._session.run(self._stopping, lambda: self._leave_by)

    def stop(self, grace_seconds: float) -> None:
        """Takes no more jobs, lets handlers finish within the grace, gives the rest back, and ends `run`.

        Of several graces the one that ends first holds.
        """
        leave_by = asyncio.get_running_loop().time() + grace_seconds
        if not self._stopping.is_set() or leave_by < self._leave_by:
            logger.info("Stopping, within %.1f s", grace_seconds)
            self._leave_by = leave_by
            self._stopping.set()
            self._holdings.hurry()

    def set_concurrency(self, jobs: int) -> None:
        """Takes so many jobs at a time from now on; what is beyond that runs to its end."""
        self._capacity.jobs = jobs
        if self._session is not None:
            self._session.tell_news()

    def end(self, outcomes: list[tuple[Lease, Outcome]]) -> None:
        """Takes how handlers ended."""
        self._holdings.end(outcomes)

    async def report_progress(self, lease: Lease, progress: job_pb2.Progress | None, checkpoint: bytes | None) -> bool:
        """Stores how far an attempt has come; answers whether its lease was still held."""
        return self._holdings.is_held(lease) and await self._verbs.report_progress(lease, progress, checkpoint)

    def _retire(self) -> None:
        if not self._stopping.is_set():
            logger.info("The coordinator asks the worker to end: it finishes what it holds")
            self._stopping.set()

    def _note_end(self, lease: Lease) -> None:
        if self._session is not None:
            self._session.note_end(lease)
