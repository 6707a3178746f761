"""Opening and closing worker sessions: what a claim stream does at its beginning and its end."""

from __future__ import annotations

import asyncio
from uuid import UUID

import structlog

from coordinator.database import Database
from coordinator.dispatcher import Dispatchers
from coordinator.errors import Draining, SluiceError, StoreUnavailable
from coordinator.reaper import Reaper
from coordinator.sessions import Session, SessionRegistry
from coordinator.store import leases
from coordinator.store.sessions import close_session, open_session
from coordinator.wakeups import Wakeups

log = structlog.get_logger()


class ClaimStreams:
    """The sessions of this coordinator from their Hello to their end."""

    def __init__(
        self,
        database: Database,
        coordinator: UUID,
        registry: SessionRegistry,
        dispatchers: Dispatchers,
        reaper: Reaper,
        wakeups: Wakeups,
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._coordinator = coordinator
        self._registry = registry
        self._dispatchers = dispatchers
        self._reaper = reaper
        self._wakeups = wakeups
        self._lease_seconds = lease_seconds
        self._draining = False
        self._closing: set[asyncio.Task[None]] = set()

    def check_open(self) -> None:
        """Raises Draining once this coordinator is leaving."""
        if self._draining:
            raise Draining("This coordinator is leaving: connect to another.")

    async def open(self, worker: str, queues: tuple[str, ...], kinds: tuple[str, ...]) -> Session:
        """Opens a session for a worker. Raises Draining, StoreUnavailable."""
        self.check_open()
        session_id = await open_session(self._database, self._coordinator, worker, queues, kinds, self._lease_seconds)
        if session_id is None:
            raise StoreUnavailable("The session could not be opened; try again.", retry_after_seconds=1.0)
        session = Session(session_id, worker, queues, kinds)
        self._registry.add(session)
        self._dispatchers.ensure(queues)
        log.info("session_opened", session=session.id, worker=worker, queues=queues, kinds=kinds)
        return session

    def grant(self, session: Session, jobs_total: int, bytes_total: int | None, ended_total: int) -> None:
        """Takes a session's newest credit and has its queues looked at."""
        session.grant(jobs_total, bytes_total, ended_total)
        self._wakeups.wake(session.queues)

    def close(self, session: Session) -> None:
        """Ends a session in the background, since the call that it belongs to may be cancelled already."""
        session.end()
        self._registry.remove(session)
        task = asyncio.create_task(self._close(session), name=f"close session {session.id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, session: Session) -> None:
        """Gives back what was never sent, without costing an attempt, and frees the rest at once."""
        try:
            if undelivered := await session.take_undelivered():
                await leases.release(self._database, undelivered)
            await close_session(self._database, session.id)
            await self._reaper.run_round()
            self._wakeups.wake(session.queues)
            log.info("session_closed", session=session.id, worker=session.worker)
        except SluiceError as error:
            # The session expires by itself then.
            log.warning("session_not_closed", session=session.id, error=error.message)

    async def drain(self, seconds: float) -> None:
        """Tells every worker to move on and waits until they have, at most so long; then ends what is left."""
        self._draining = True
        self._registry.tell_drain()
        try:
            async with asyncio.timeout(seconds):
                await self._registry.emptied()
        except TimeoutError:
            log.warning("drain_cut_short", sessions=len(self._registry))
        for session in self._registry:
            self.close(session)
        await asyncio.gather(*self._closing)
