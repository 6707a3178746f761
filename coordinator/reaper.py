"""Keeps this coordinator's sessions alive, and takes back what dead sessions and overdue attempts hold."""

from __future__ import annotations

import asyncio
import time

import structlog

from coordinator.database import Database
from coordinator.domain import ReapedJob
from coordinator.sessions import SessionRegistry
from coordinator.store import sessions as store
from coordinator.wakeups import Wakeups

# A look at every attempt's deadline reads all live jobs: it takes at most a fiftieth of the time.
DEADLINE_REST = 50.0

log = structlog.get_logger()


class Reaper:
    """Renews first, then reaps: a session that was heard from is never taken for dead because a round came late."""

    def __init__(
        self,
        database: Database,
        registry: SessionRegistry,
        wakeups: Wakeups,
        *,
        lease_seconds: float,
        deadline_check_seconds: float,
    ) -> None:
        self._database = database
        self._registry = registry
        self._wakeups = wakeups
        self._lease_seconds = lease_seconds
        self._deadline_check_seconds = deadline_check_seconds
        self._deadlines_due = time.monotonic()
        self._round = asyncio.Lock()

    async def run_round(self) -> None:
        """Does what is due: once a second, and at once when a stream has ended."""
        async with self._round:
            await self._keep_alive()
            await self._take_back(await store.reap_dead_sessions(self._database))
            if time.monotonic() >= self._deadlines_due:
                await self._reap_overdue()

    async def _keep_alive(self) -> None:
        seconds_left = {session.id: self._lease_seconds - session.silent_seconds() for session in self._registry}
        if not seconds_left:
            return
        alive = await store.keep_alive(self._database, {id_: left for id_, left in seconds_left.items() if left > 0})
        for session in self._registry:
            if session.id in seconds_left and session.id not in alive:
                log.warning("session_expired", session=session.id, worker=session.worker)
                session.end()

    async def _reap_overdue(self) -> None:
        began = time.monotonic()
        await self._take_back(await store.reap_overdue(self._database))
        took = time.monotonic() - began
        self._deadlines_due = time.monotonic() + max(self._deadline_check_seconds, DEADLINE_REST * took)

    async def _take_back(self, reaped: list[ReapedJob]) -> None:
        if not reaped:
            return
        log.info("jobs_reaped", jobs=len(reaped))
        self._registry.tell_lost(reaped)
        self._wakeups.wake({job.queue for job in reaped})
