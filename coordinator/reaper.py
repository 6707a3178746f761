"""Keeps this coordinator's sessions alive, and takes back what dead sessions and overdue attempts hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog

from coordinator.announcer import Announcer
from coordinator.database import Database
from coordinator.domain import EndedJob
from coordinator.errors import SluiceError
from coordinator.sessions import SessionRegistry
from coordinator.store import reaping, sessions, workers
from coordinator.store.auditing import Act
from coordinator.store.reaping import REAP_JOBS
from coordinator.wakeups import LEASES_TOPIC, upload_topic

# A look at every attempt's deadline reads all live jobs: it takes at most a fiftieth of the time.
DEADLINE_REST = 50.0
ROUND_SECONDS = 1.0

log = structlog.get_logger()


class Reaper:
    """Renews first, then reaps: a session that was heard from is never taken for dead because a round came late.

    For one lease after its start, after an outage of the database and after it was itself held up, a coordinator spares
    sessions that were renewed before: theirs may have been unable to do it, or they were not resumed yet.
    """

    def __init__(
        self,
        database: Database,
        coordinator: UUID,
        registry: SessionRegistry,
        announcer: Announcer,
        *,
        lease_seconds: float,
        deadline_check_seconds: float,
    ) -> None:
        self._database = database
        self._coordinator = coordinator
        self._registry = registry
        self._announcer = announcer
        self._lease_seconds = lease_seconds
        self._deadline_check_seconds = deadline_check_seconds
        # Between rounds: often enough that a renewal or two may come late and no session is lost.
        self.rest_seconds = min(ROUND_SECONDS, lease_seconds / 5)
        now = time.monotonic()
        self._deadlines_due = now
        self._patient_since = now
        self._round_at = now
        # Sessions whose streams ended without goodbye, until when they are looked for.
        self._left: dict[int, float] = {}
        self._round = asyncio.Lock()

    def watch(self, session_id: int) -> None:
        """Has a session reaped as soon as its grace is over, however patient this coordinator is with others."""
        self._left[session_id] = time.monotonic() + self._lease_seconds

    async def run_round(self) -> None:
        """Does what is due: once a second, and at once when a stream has ended."""
        async with self._round:
            self._note_delay()
            try:
                await self._keep_alive()
                await self._reap()
            except SluiceError:
                self._be_patient()
                raise

    async def deliver_notices(self) -> None:
        """Tells workers which of their leases others have ended, and which of them are to end."""
        if len(self._registry):
            self._registry.tell(await sessions.take_notices(self._database, self._coordinator))
            self._registry.tell_retiring(await workers.find_retiring(self._database, self._coordinator))

    def _note_delay(self) -> None:
        """A process that was stopped for a while has heard nobody meanwhile: what was said waits to be read."""
        now = time.monotonic()
        if now - self._round_at > self._lease_seconds / 2:
            log.warning("held_up", seconds=round(now - self._round_at, 1))
            self._be_patient()
            for session in self._registry:
                session.hear()
        self._round_at = now

    def _be_patient(self) -> None:
        self._patient_since = time.monotonic()

    async def _keep_alive(self) -> None:
        asked_at = time.monotonic()
        heard = {
            session.id: (session, renewal)
            for session in self._registry
            if (renewal := session.renewal(self._lease_seconds)) is not None
        }
        if heard:
            alive = await sessions.keep_alive(self._database, [renewal for _, renewal in heard.values()])
            for session, renewal in heard.values():
                if session.id in alive:
                    session.note_renewal(asked_at)
                elif session.key == renewal.key:
                    log.warning("session_lost", session=session.id, worker=session.profile.worker)
                    session.end(lost=True)
        for session in self._registry:
            if session.silent_seconds() > self._lease_seconds:
                log.warning("session_expired", session=session.id, worker=session.profile.worker)
                session.end(lost=True)

    async def _reap(self) -> None:
        patient_seconds = self._patience()
        await self._take_back(
            lambda: reaping.reap_dead_sessions(
                self._database, patient_seconds=patient_seconds, left=self._left, on_freed=self._announcer.freed
            )
        )
        await self._take_back(lambda: reaping.expire_jobs(self._database, on_freed=self._announcer.freed))
        if time.monotonic() >= self._deadlines_due:
            began = time.monotonic()
            await self._take_back(
                lambda: reaping.reap_overdue(self._database, on_freed=self._announcer.freed), topics=[LEASES_TOPIC]
            )
            took = time.monotonic() - began
            self._deadlines_due = time.monotonic() + max(self._deadline_check_seconds, DEADLINE_REST * took)

    def _patience(self) -> float | None:
        """Returns for how long this coordinator has been patient, None where it is no longer."""
        now = time.monotonic()
        self._left = {session_id: until for session_id, until in self._left.items() if until > now}
        return now - self._patient_since if now < self._patient_since + self._lease_seconds else None

    async def reap_now(self, act: Act) -> tuple[int, int]:
        """Takes back what dead sessions hold, because an operator wants it; returns how many (jobs, sessions)."""
        jobs = sessions = 0
        async with self._round:
            self._note_delay()
            await self._keep_alive()
            while True:
                reaped = await reaping.reap_for(
                    self._database,
                    act,
                    patient_seconds=self._patience(),
                    left=self._left,
                    on_freed=self._announcer.freed,
                )
                self._tell(reaped.jobs)
                jobs, sessions = jobs + len(reaped.jobs), sessions + reaped.sessions
                if len(reaped.jobs) < REAP_JOBS:
                    return jobs, sessions

    async def _take_back(self, reap: Callable[[], Awaitable[list[EndedJob]]], topics: list[str] | None = None) -> None:
        """Reaps until there is nothing left, and tells whoever waits for it."""
        while ended := await reap():
            self._tell(ended)
            self._announcer.wake(topics or ())
            if len(ended) < REAP_JOBS:
                break

    def _tell(self, ended: Sequence[EndedJob]) -> None:
        if ended:
            log.info("jobs_reaped", jobs=len(ended))
        self._announcer.made_pending(job.place for job in ended if job.place is not None)
        self._announcer.wake({upload_topic(job.upload_id) for job in ended if job.upload_id is not None})
