"""Worker sessions over their claim streams: opened, resumed, left, closed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.database import Database
from coordinator.dispatcher import Dispatchers
from coordinator.domain import Lease
from coordinator.errors import Draining, SluiceError
from coordinator.reaper import Reaper
from coordinator.sessions import Session, SessionRegistry
from coordinator.settling import Settling
from coordinator.store import leases
from coordinator.store import sessions as store
from coordinator.store.sessions import WorkerProfile
from coordinator.wakeups import pause

SECRET_BYTES = 32
# Beyond the grace: the database's clock runs while the call is on its way.
GRACE_MARGIN_SECONDS = 0.05

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long a session outlives the last word of its worker, and the breaking of its stream."""

    lease_seconds: float
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Opened:
    """A session on its new stream, what resumes it, and which of the leases that the worker named are gone."""

    session: Session
    secret: bytes
    lost: tuple[Lease, ...] = ()


class ClaimStreams:
    """The sessions of this coordinator from their Hello to their end."""

    def __init__(
        self,
        database: Database,
        coordinator: UUID,
        registry: SessionRegistry,
        dispatchers: Dispatchers,
        reaper: Reaper,
        settling: Settling,
        announcer: Announcer,
        times: LeaseTimes,
    ) -> None:
        self._database = database
        self._coordinator = coordinator
        self._registry = registry
        self._dispatchers = dispatchers
        self._reaper = reaper
        self._settling = settling
        self._announcer = announcer
        self._lease_seconds = times.lease_seconds
        self._grace_seconds = times.grace_seconds
        self._draining = asyncio.Event()
        self._background = BackgroundTasks()

    def check_open(self) -> None:
        """Raises Draining once this coordinator is leaving."""
        if self._draining.is_set():
            raise Draining("This coordinator is leaving: connect to another.")

    async def open(self, profile: WorkerProfile, secret: bytes, held: Sequence[Lease]) -> Opened:
        """Resumes the session that has the secret, or opens a new one. Raises Draining, StoreUnavailable."""
        self.check_open()
        opened = await self._resume(profile, secret, held) if secret else None
        if opened is None:
            secret = secrets.token_bytes(SECRET_BYTES)
            key = await store.open_session(self._database, self._coordinator, profile, secret, self._lease_seconds)
            opened = Opened(Session(key, profile), secret, tuple(held))
            log.info("session_opened", session=key.id, worker=profile.worker, queues=profile.queues)
        self._registry.add(opened.session)
        self._dispatchers.ensure(profile.queues)
        return opened

    async def _resume(self, profile: WorkerProfile, secret: bytes, held: Sequence[Lease]) -> Opened | None:
        key = await store.resume_session(self._database, self._coordinator, profile, secret, self._lease_seconds)
        if key is None:
            return None
        kept = await store.find_held(self._database, key.id, held)
        lost = tuple(lease for lease in held if lease not in kept)
        log.info("session_resumed", session=key.id, worker=profile.worker, kept=len(kept), lost=len(lost))
        self._settling.ask()
        return Opened(Session(key, profile, kept), secret, lost)

    def grant(self, session: Session, jobs_total: int, bytes_total: int | None, ended_total: int) -> None:
        """Takes a session's newest credit and has its queues looked at."""
        session.grant(jobs_total, bytes_total, ended_total)
        self._dispatchers.look(session.turns.in_order)

    def close(self, session: Session) -> None:
        """Ends a stream's part in the background, since the call that it belongs to may be cancelled already."""
        session.end()
        self._registry.remove(session)
        self._background.start(self._close(session), name=f"close session {session.id}")

    async def _close(self, session: Session) -> None:
        """Gives back what was never sent; then the session closes, or has its grace, or lives on for its lease."""
        try:
            if undelivered := await session.take_undelivered():
                await leases.release(self._database, undelivered, on_freed=self._announcer.freed)
            if session.said_goodbye:
                await store.close_session(self._database, session.key)
                await self._reaper.run_round()
            elif not session.is_lost and not self._draining.is_set():
                await self._leave(session)
            log.info("session_closed", session=session.id, worker=session.profile.worker, goodbye=session.said_goodbye)
        except SluiceError as error:
            # The session expires by itself then, and what was not sent with it.
            log.warning("session_not_closed", session=session.id, error=error.message)

    async def _leave(self, session: Session) -> None:
        """Gives a worker whose stream broke its grace to come back, then frees its jobs."""
        await store.leave_session(self._database, session.key, self._grace_seconds)
        self._reaper.watch(session.id)
        await pause(self._draining, self._grace_seconds + GRACE_MARGIN_SECONDS)
        await self._reaper.run_round()

    async def drain(self, seconds: float) -> None:
        """Tells every worker to move on and waits until they have, at most so long; then ends what is left.

        The sessions live on for their lease, so that their workers can resume them elsewhere.
        """
        self._draining.set()
        self._registry.tell_drain()
        try:
            async with asyncio.timeout(seconds):
                await self._registry.emptied()
        except TimeoutError:
            log.warning("drain_cut_short", sessions=len(self._registry))
        for session in self._registry:
            self.close(session)
        await self._background.finish()
