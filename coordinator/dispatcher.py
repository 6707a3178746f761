"""Brings waiting jobs to the streams that have credit: one loop a queue, so that its claims do not collide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from coordinator.database import Database
from coordinator.errors import SluiceError
from coordinator.marks import Look
from coordinator.memory import QueueMemory
from coordinator.sessions import Delivery, Session, SessionRegistry
from coordinator.settling import Settling
from coordinator.store import claims
from coordinator.store.claims import NOT_LOOKED, UNLIMITED_BYTES, Claimed, ClaimLimit, SessionClaim
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
        memory: QueueMemory,
        settling: Settling,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._queue = queue
        self._database = database
        self._sessions = sessions
        self._memory = memory
        self._marks = memory.marks.of(queue)
        self._settling = settling
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._turn = 0
        self._stopping = False
        # Until there may be something that nobody tells of: a claim that began at a mark came back short, or the queue
        # has a rate limit and will have room again.
        self._look_again_seconds: float | None = None

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
                        await wait_for(wake, self._rest_seconds())
                    continue
                await asyncio.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Lets the loop end after the claim under way."""
        self._stopping = True
        self._wakeups.wake([self._queue])

    def _rest_seconds(self) -> float:
        if self._look_again_seconds is None:
            return self._poll_seconds
        return min(self._poll_seconds, self._look_again_seconds)

    async def _serve_everyone(self) -> bool:
        """Claims once for each session with credit, another one first each time; returns whether any got jobs.

        Where nothing waits for one session's kinds, the others with the same kinds are not asked for; nor is anybody
        where the queue has no room.
        """
        self._look_again_seconds = None
        hungry = self._hungry()
        if not hungry:
            return False
        self._turn = (self._turn + 1) % len(hungry)
        share = -(-CLAIM_JOBS // len(hungry))
        idle_kinds: set[tuple[str, ...]] = set()
        found = False
        for session in hungry[self._turn :] + hungry[: self._turn]:
            kinds = session.profile.kinds
            if kinds in idle_kinds or not (wanted := min(session.wanted_jobs, share)):
                continue
            async with session.turn_to_claim():
                # Only now: another queue's claim may have taken credit meanwhile.
                takes_anything = session.wanted_bytes is None or session.holds_nothing
                claimed = await self._serve(session, min(session.wanted_jobs, wanted))
            if claimed.is_full:
                break
            if claimed.jobs:
                found = True
            elif claimed.looked and takes_anything:
                idle_kinds.add(kinds)
        return found

    def _hungry(self) -> list[Session]:
        """The sessions with credit for this queue; others of its sessions have it looked at when credit comes back."""
        mine = [one for one in self._sessions if self._queue in one.profile.queues]
        for session in mine:
            if session.is_claiming and not session.wanted_jobs:
                session.turns.note_missed(self._queue)
        return [one for one in mine if one.wanted_jobs]

    async def _serve(self, session: Session, wanted: int) -> Claimed:
        """Claims for a session; where it wants nothing any more the queue is not looked at."""
        if not wanted:
            return NOT_LOOKED
        look = self._marks.begin(session.profile.kinds)
        reservation = session.reserve(self._memory.limits.token(self._queue), wanted)
        max_bytes = UNLIMITED_BYTES if reservation.bytes is None else reservation.bytes
        limit = ClaimLimit(wanted, max_bytes, reservation.holds_nothing)
        key = session.key
        claim = SessionClaim(key.id, key.epoch, reservation.token, self._queue, look.ranges, limit)
        claimed: Claimed | None = None
        try:
            claimed = await claims.claim(self._database, claim)
        finally:
            session.settle(reservation, None if claimed is None else Delivery(self._queue, claimed.jobs))
            if claimed is None:
                # It may have been carried out all the same: its jobs would lie with a worker that never sees them.
                self._marks.give_up(look)
                self._settling.ask()
        self._take_note(look, claimed, session.profile.kinds)
        if len(claimed.jobs) < wanted:
            self._wakeups.wake(session.turns.take_missed())
        return claimed

    def _take_note(self, look: Look, claimed: Claimed, kinds: tuple[str, ...]) -> None:
        """Moves marks and clocks on, and notes when to look again where nothing came."""
        claims.take_note(self._marks, self._memory.clocks, self._queue, look, claimed)
        if claimed.again_seconds is not None:
            self._look_again_within(claimed.again_seconds)
        if claimed.looked and not claimed.jobs and look.whole != frozenset(kinds):
            self._look_again_within(self._marks.rescan_seconds(kinds))

    def _look_again_within(self, seconds: float) -> None:
        self._look_again_seconds = (
            seconds if self._look_again_seconds is None else min(seconds, self._look_again_seconds)
        )


class Dispatchers:
    """The dispatchers of this coordinator: one for every queue that a session has asked for."""

    def __init__(
        self,
        database: Database,
        sessions: SessionRegistry,
        memory: QueueMemory,
        settling: Settling,
        wakeups: Wakeups,
        poll_seconds: float,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._memory = memory
        self._settling = settling
        self._wakeups = wakeups
        self._poll_seconds = poll_seconds
        self._running: dict[str, tuple[Dispatcher, asyncio.Task[None]]] = {}

    def ensure(self, queues: Iterable[str]) -> None:
        """Starts a dispatcher for each queue that has none."""
        for queue in queues:
            if queue not in self._running:
                dispatcher = self._dispatcher(queue)
                self._running[queue] = (
                    dispatcher,
                    asyncio.create_task(dispatcher.run(), name=f"dispatch {queue}"),
                )

    def _dispatcher(self, queue: str) -> Dispatcher:
        return Dispatcher(
            queue,
            self._database,
            self._sessions,
            self._memory,
            self._settling,
            self._wakeups,
            self._poll_seconds,
        )

    def look(self, queues: Iterable[str]) -> None:
        """Has the queues looked at: somebody wants their jobs."""
        self._wakeups.wake(queues)

    async def stop(self) -> None:
        """Stops every dispatcher; what a claim under way brings still reaches its session's outbox."""
        for dispatcher, _ in self._running.values():
            dispatcher.stop()
        await asyncio.gather(*(task for _, task in self._running.values()))
