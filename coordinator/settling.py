"""Gives back, without costing an attempt, what was leased to a session and never reached its worker.

That happens where a claim's answer was lost on its way from the database, and where a stream broke: a resuming worker
says what it has, and whatever else its session holds from before never came to it.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import structlog

from coordinator.announcer import Announcer
from coordinator.database import Database
from coordinator.sessions import Session, SessionRegistry
from coordinator.store import leases, sessions
from coordinator.wakeups import wait_for

# How long what could not be settled waits for the next try.
ROUND_SECONDS = 1.0

log = structlog.get_logger()


class Settling:
    """Settles what became of leases that nobody may know of, for all sessions of this coordinator in one look."""

    def __init__(self, database: Database, coordinator: UUID, registry: SessionRegistry, announcer: Announcer) -> None:
        self._database = database
        self._coordinator = coordinator
        self._registry = registry
        self._announcer = announcer
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Has a round come at once."""
        self._asked.set()

    async def run_round(self) -> None:
        """Settles what there is, or waits a while for something."""
        unsettled = [session for session in self._registry if session.is_unsettled and not session.over]
        if unsettled:
            await self._settle(unsettled)
        await wait_for(self._asked, ROUND_SECONDS)

    async def _settle(self, unsettled: list[Session]) -> None:
        doubted = {session.id: session.doubted for session in unsettled}
        for session in unsettled:
            if session.is_doubtful:
                await self._shut_out_late_claims(session)
        held = await sessions.find_leases(self._database, [session.id for session in unsettled])
        back = [lease for session in unsettled for lease in session.undelivered(held.get(session.id, ()))]
        if back:
            refused = await leases.release(self._database, back, on_freed=self._announcer.freed)
            log.info("undelivered_released", jobs=len(back) - len(refused))
        for session in unsettled:
            session.note_settled(doubted[session.id])
        self._announcer.wake({queue for session in unsettled for queue in session.profile.queues})

    async def _shut_out_late_claims(self, session: Session) -> None:
        key = await sessions.raise_epoch(self._database, self._coordinator, session.key)
        if key is None:
            session.end(lost=True)
        else:
            session.key = key
