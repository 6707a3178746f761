"""ClaimBatch: one claim for a worker that cannot hold a stream. Its session lasts as long as was asked for."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from uuid import UUID

from coordinator.background import BackgroundTasks
from coordinator.database import Database
from coordinator.domain import MIB
from coordinator.memory import QueueMemory
from coordinator.sessions import Delivery
from coordinator.store import claims
from coordinator.store import sessions as store
from coordinator.store.claims import Claimed, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey, WorkerProfile
from coordinator.wakeups import Wakeups, wait_for

# All jobs of a ClaimBatch come in one message, which gRPC takes up to 4 MiB of.
MOST_BYTES = 3 * MIB


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a worker asks for; `max_bytes` 0 means as much as fits."""

    profile: WorkerProfile
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
        memory: QueueMemory,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._database = database
        self._coordinator = coordinator
        self._memory = memory
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        # Another queue comes first each time.
        self._turn = 0
        self._stopping = False
        self._background = BackgroundTasks()
        self._under_way: dict[str, asyncio.Task[list[Delivery]]] = {}

    async def claim(self, request: BatchRequest) -> list[Delivery]:
        """Waits for the first jobs, at most as long as was asked for; returns one delivery a queue.

        Goes on where the caller leaves: a repeat gets what the first call was given, and may join it.
        """
        task = self._under_way.get(request.request_id)
        if task is None:
            task = self._background.start(self._claim(request), name=f"claim batch {request.request_id}")
            self._under_way[request.request_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(request.request_id))
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Has every call that waits for jobs end, empty."""
        self._stopping = True
        self._wakeups.wake_all()
        await self._background.finish()

    async def _claim(self, request: BatchRequest) -> list[Delivery]:
        key = await store.open_batch_session(
            self._database,
            self._coordinator,
            request.profile,
            request.request_id,
            wait_seconds=request.wait_seconds,
            lease_seconds=request.lease_seconds,
        )
        if key is None:
            before = await claims.claimed_before(self._database, request.request_id)
            return [Delivery(queue, tuple(jobs)) for queue, jobs in before.items()]
        deliveries = await self._claim_in_time(key, request)
        if not deliveries:
            # Only then: after an error nobody knows whether jobs were claimed, and the repeat is to have them.
            await store.close_session(self._database, key)
        return deliveries

    async def _claim_in_time(self, key: SessionKey, request: BatchRequest) -> list[Delivery]:
        until = time.monotonic() + request.wait_seconds
        with self._wakeups.listen(request.profile.queues) as wake:
            while True:
                deliveries, again_seconds = await self._claim_now(key, request)
                if deliveries:
                    return deliveries
                left = until - time.monotonic()
                # At 0 seconds it looks on in any case: all that it saw was kept back, and others may wait behind that.
                if self._stopping or (left <= 0 and again_seconds > 0):
                    return []
                await wait_for(wake, min(left, self._poll_seconds, again_seconds))

    async def _claim_now(self, key: SessionKey, request: BatchRequest) -> tuple[list[Delivery], float]:
        """Claims from each queue in turn; tells after how long one of them will have something that nobody tells of."""
        deliveries: list[Delivery] = []
        again_seconds = math.inf
        jobs_left, bytes_left = request.max_jobs, min(request.max_bytes or MOST_BYTES, MOST_BYTES)
        self._turn += 1
        first = self._turn % len(request.profile.queues)
        for queue in (*request.profile.queues[first:], *request.profile.queues[:first]):
            limit = ClaimLimit(jobs_left, bytes_left, holds_nothing=not deliveries)
            claimed = await self._claim_from(queue, key, request.profile.kinds, limit)
            if claimed.again_seconds is not None:
                again_seconds = min(again_seconds, claimed.again_seconds)
            if claimed.jobs:
                deliveries.append(Delivery(queue, claimed.jobs))
                jobs_left -= len(claimed.jobs)
                bytes_left = max(bytes_left - sum(job.size for job in claimed.jobs), 0)
            if not jobs_left:
                break
        return deliveries, again_seconds

    async def _claim_from(self, queue: str, key: SessionKey, kinds: tuple[str, ...], limit: ClaimLimit) -> Claimed:
        marks = self._memory.marks.of(queue)
        look = marks.begin(kinds)
        claim = SessionClaim(key.id, key.epoch, self._memory.limits.token(queue), queue, look.ranges, limit)
        try:
            claimed = await claims.claim_once(self._database, claim)
        except BaseException:
            marks.give_up(look)
            raise
        claims.take_note(marks, self._memory.clocks, queue, look, claimed)
        return claimed
