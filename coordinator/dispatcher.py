"""Brings waiting jobs to the streams that have credit: one loop a queue, so that its claims do not collide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import ClaimedJob
from coordinator.errors import SluiceError
from coordinator.sessions import Delivery, Session, SessionRegistry
from coordinator.store import claims
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit
from coordinator.wakeups import Wakeups, wait_for

# Jobs that one claim statement takes at most; more would make others wait for it.
CLAIM_JOBS = 1_000

RETRY_SECONDS = 0.5

log = structlog.get_logger()


class Dispatcher:
    """Claims for one queue, in turns for every session that wants its jobs."""

    def __init__(
        self,
        queue: str,
        database: Database,
        sessions: SessionRegistry,
        clocks: VirtualClocks,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._queue = queue
        self._database = database
        self._sessions = sessions
        self._clocks = clocks
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._turn = 0
        self._stopping = False

    async def run(self) -> None:
        """Claims until it is stopped. The poll is the net under wake-ups that went astray."""
        with self._wakeups.listen([self._queue]) as wake:
            while not self._stopping:
                try:
                    found = await self._serve_everyone()
                except SluiceError as error:
                    log.warning("claim_failed", queue=self._queue, error=error.message)
                except Exception:
                    # A queue whose loop has ended would look idle for ever.
                    log.exception("claim_failed", queue=self._queue)
                else:
                    if not found:
                        await wait_for(wake, self._poll_seconds)
                    continue
                await asyncio.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Lets the loop end after the claim under way."""
        self._stopping = True
        self._wakeups.wake([self._queue])

    async def _serve_everyone(self) -> bool:
        """Claims once for each session with credit, another one first each time; returns whether any got jobs.

        Where nothing waits for one session's kinds, the others with the same kinds are not asked for.
        """
        hungry = [session for session in self._sessions if self._queue in session.queues and session.wanted_jobs]
        if not hungry:
            return False
        self._turn = (self._turn + 1) % len(hungry)
        share = -(-CLAIM_JOBS // len(hungry))
        idle_kinds: set[tuple[str, ...]] = set()
        found = False
        for session in hungry[self._turn :] + hungry[: self._turn]:
            if session.kinds in idle_kinds or not (wanted := min(session.wanted_jobs, share)):
                continue
            takes_anything = session.wanted_bytes is None or session.holds_nothing
            if await self._serve(session, wanted):
                found = True
            elif takes_anything:
                idle_kinds.add(session.kinds)
        return found

    async def _serve(self, session: Session, reserved: int) -> int:
        wanted_bytes = session.wanted_bytes
        limit = ClaimLimit(reserved, UNLIMITED_BYTES if wanted_bytes is None else wanted_bytes, session.holds_nothing)
        session.reserve(reserved)
        jobs: list[ClaimedJob] = []
        try:
            jobs = await claims.claim(self._database, session.id, self._queue, session.kinds, limit)
        finally:
            session.settle(reserved, Delivery(self._queue, tuple(jobs)))
        self._clocks.pass_over(self._queue, jobs)
        return len(jobs)


class Dispatchers:
    """The dispatchers of this coordinator: one for every queue that a session has asked for."""

    def __init__(
        self,
        database: Database,
        sessions: SessionRegistry,
        clocks: VirtualClocks,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._parts = (database, sessions, clocks, wakeups, poll_seconds)
        self._running: dict[str, tuple[Dispatcher, asyncio.Task[None]]] = {}

    def ensure(self, queues: Iterable[str]) -> None:
        """Starts a dispatcher for each queue that has none."""
        for queue in queues:
            if queue not in self._running:
                dispatcher = Dispatcher(queue, *self._parts)
                self._running[queue] = (
                    dispatcher,
                    asyncio.create_task(dispatcher.run(), name=f"dispatch {queue}"),
                )

    async def stop(self) -> None:
        """Stops every dispatcher; what a claim under way brings still reaches its session's outbox."""
        for dispatcher, _ in self._running.values():
            dispatcher.stop()
        await asyncio.gather(*(task for _, task in self._running.values()))
