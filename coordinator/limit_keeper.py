"""Keeps up with the limits of queues: learns them, counts what was leased before, and mends lanes that have room."""

from __future__ import annotations

import asyncio

import structlog

from coordinator.announcer import Announcer
from coordinator.database import Database
from coordinator.domain import Place
from coordinator.memory import QueueMemory
from coordinator.queue_limits import KnownQueue, QueueLimits
from coordinator.store import limits as store
from coordinator.store.auditing import Act
from coordinator.wakeups import LIMITS_TOPIC, Wakeups, wait_for

ROUND_SECONDS = 1.0
# Lanes that are looked at in one transaction.
LANES = 500
# Mending takes at most a fifth of the time.
MEND_REST = 4.0
# Something ended while it was being counted: it is looked for again, so often in one round.
COUNT_TRIES = 10
COUNT_REST_SECONDS = 0.05

log = structlog.get_logger()


class LimitKeeper:
    """Sets limits for operators, and sees that they are known here and filled."""

    def __init__(self, database: Database, memory: QueueMemory, announcer: Announcer, wakeups: Wakeups) -> None:
        self._database = database
        self._known = memory.limits
        self._marks = memory.marks
        self._announcer = announcer
        self._wakeups = wakeups
        self._changed = asyncio.Event()

    async def set_limits(self, queue: str, limits: QueueLimits, act: Act) -> QueueLimits:
        """Sets a queue's limits; returns those before. From then on none is passed, but by what is leased already."""
        previous = await store.set_limits(self._database, queue, limits, act)
        await self._have_known(queue, restrains=limits.restrain_claims)
        return previous

    async def pause(self, queue: str, act: Act, *, paused: bool) -> bool:
        """Pauses a queue or lets it go on; returns whether that changed anything. A paused one is not claimed from."""
        changed = await store.pause(self._database, queue, act, paused=paused)
        await self._have_known(queue, restrains=paused)
        return changed

    async def _have_known(self, queue: str, *, restrains: bool) -> None:
        """Has everybody learn what was set, once no claim that began before can pass it."""
        if restrains:
            await store.claims_have_ended(self._database)
        await self.learn()
        self._announcer.wake([queue, LIMITS_TOPIC])

    async def learn(self) -> None:
        """Reads the limits of all queues, and has those looked at of which something changed."""
        changed = self._known.learn(await store.load_limits(self._database))
        for queue in changed:
            self._marks.of(queue).forget()
        if changed:
            self._changed.set()
        # Guarded ones in any case: what was leased before a queue was guarded ends without a word.
        self._wakeups.wake(changed | self._known.guarded)

    async def keep_learning(self) -> None:
        """Learns at once where there was word of a change, and once a second."""
        with self._wakeups.listen([LIMITS_TOPIC]) as word:
            await self.learn()
            await wait_for(word, ROUND_SECONDS)

    async def mend(self) -> None:
        """Counts what is to be counted and fills lanes that have room; rests until something changes, or a while."""
        began = asyncio.get_running_loop().time()
        for queue in self._known.keeping_back:
            await self._fill(queue)
        # Last: it waits for whoever writes jobs for long, and ends Busy then.
        for queue in self._known.uncounted:
            await self._count(queue)
        took = asyncio.get_running_loop().time() - began
        await wait_for(self._changed, max(ROUND_SECONDS, MEND_REST * took))

    def stop(self) -> None:
        """Has the rest of the duties end."""
        self._changed.set()

    async def _count(self, queue: KnownQueue) -> None:
        for _ in range(COUNT_TRIES):
            if await store.count_leased(self._database, queue):
                log.info("leases_counted", queue=queue.name)
                self._announcer.wake([queue.name, LIMITS_TOPIC])
                await self.learn()
                return
            await asyncio.sleep(COUNT_REST_SECONDS)

    async def _fill(self, queue: KnownQueue) -> None:
        after = ""
        while lanes := await store.find_kept_lanes(self._database, queue.name, after, LANES):
            while pending := await self._fill_lanes(queue.name, lanes):
                log.info("jobs_admitted", queue=queue.name, jobs=len(pending))
            after = lanes[-1]
        if queue.limits.max_running_per_lane is None:
            await store.keep_none_back(self._database, queue.name)

    async def _fill_lanes(self, queue: str, lanes: list[str]) -> tuple[Place, ...]:
        pending = await store.mend_lanes(self._database, queue, lanes)
        self._announcer.made_pending(pending)
        return pending
