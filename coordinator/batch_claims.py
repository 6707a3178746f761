"""ClaimBatch: one claim for a worker that cannot hold a stream. Its session lasts as long as was asked for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import MIB
from coordinator.sessions import Delivery
from coordinator.store import claims, sessions
from coordinator.store.claims import ClaimLimit
from coordinator.wakeups import Wakeups, wait_for

# All jobs of a ClaimBatch come in one message, which gRPC takes up to 4 MiB of.
MOST_BYTES = 3 * MIB


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a worker asks for; `max_bytes` 0 means as much as fits."""

    worker: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]
    max_jobs: int
    max_bytes: int
    lease_seconds: float
    wait_seconds: float
    request_id: str


class BatchClaims:
    """Claims once for a request, and gives a repeat of it the same jobs."""

    def __init__(
        self,
        database: Database,
        coordinator: UUID,
        clocks: VirtualClocks,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._database = database
        self._coordinator = coordinator
        self._clocks = clocks
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds

    async def claim(self, request: BatchRequest) -> list[Delivery]:
        """Waits for the first jobs, at most as long as was asked for; returns one delivery a queue."""
        session_id = await sessions.open_session(
            self._database,
            self._coordinator,
            request.worker,
            request.queues,
            request.kinds,
            request.wait_seconds + request.lease_seconds,
            request.request_id,
        )
        if session_id is None:
            before = await claims.claimed_before(self._database, request.request_id)
            return [Delivery(queue, tuple(jobs)) for queue, jobs in before.items()]
        deliveries: list[Delivery] = []
        try:
            deliveries = await self._claim_in_time(session_id, request)
        finally:
            if not deliveries:
                await asyncio.shield(sessions.close_session(self._database, session_id))
        return deliveries

    async def _claim_in_time(self, session_id: int, request: BatchRequest) -> list[Delivery]:
        until = time.monotonic() + request.wait_seconds
        with self._wakeups.listen(request.queues) as wake:
            while True:
                # Shielded: a claim that is under way when the caller leaves is remembered for its repeat.
                if deliveries := await asyncio.shield(self._claim_now(session_id, request)):
                    return deliveries
                if (left := until - time.monotonic()) <= 0:
                    return []
                await wait_for(wake, min(left, self._poll_seconds))

    async def _claim_now(self, session_id: int, request: BatchRequest) -> list[Delivery]:
        deliveries: list[Delivery] = []
        jobs_left, bytes_left = request.max_jobs, min(request.max_bytes or MOST_BYTES, MOST_BYTES)
        for queue in request.queues:
            limit = ClaimLimit(jobs_left, bytes_left, holds_nothing=not deliveries)
            jobs = await claims.claim_once(
                self._database, session_id, queue, request.kinds, limit, request.lease_seconds
            )
            if jobs:
                deliveries.append(Delivery(queue, tuple(jobs)))
                self._clocks.pass_over(queue, jobs)
                jobs_left -= len(jobs)
                bytes_left = max(bytes_left - sum(job.size for job in jobs), 0)
            if not jobs_left:
                break
        return deliveries
