"""What a coordinator does by the clock: one loop a duty, each of which survives an outage of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.counting import Counting
from coordinator.database import Database
from coordinator.errors import SluiceError
from coordinator.limit_keeper import LimitKeeper
from coordinator.reaper import Reaper
from coordinator.settling import Settling
from coordinator.store import counts, incoming, jobs, maintenance, notifications, sessions, uploads
from coordinator.wakeups import LEASES_TOPIC, pause, wait_for

ROUND_SECONDS = 1.0
CLEANUP_SECONDS = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long what has ended is kept."""

    history_days: int
    failed_content_days: int
    abandoned_upload_hours: float


@dataclass(frozen=True, slots=True)
class Duties:
    """What is done from time to time, by whom."""

    reaper: Reaper
    settling: Settling
    counting: Counting
    limits: LimitKeeper


class Maintenance:
    """The periodic duties of one coordinator. Any number of coordinators may run them at once."""

    def __init__(
        self,
        database: Database,
        duties: Duties,
        clocks: VirtualClocks,
        announcer: Announcer,
        *,
        retention: Retention,
        listen_url: str | None,
    ) -> None:
        """Makes it ready; without a `listen_url` nothing is heard from other coordinators."""
        self._database = database
        self._reaper = duties.reaper
        self._settling = duties.settling
        self._counting = duties.counting
        self._limits = duties.limits
        self._clocks = clocks
        self._announcer = announcer
        self._retention = retention
        self._listen_url = listen_url
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Makes sure that history has its days, learns the clocks, and starts the loops."""
        await maintenance.create_history_partitions(self._database)
        await jobs.load_virtual_times(self._database, self._clocks)
        await self._limits.learn()
        duties: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "reap": (self._reaper.rest_seconds, self._reaper.run_round),
            "settle": (0.0, self._settling.run_round),
            "notices": (0.0, self._deliver_notices),
            "promote": (0.0, self._promote),
            "limits": (0.0, self._limits.keep_learning),
            "lanes": (0.0, self._limits.mend),
            "clocks": (ROUND_SECONDS, self._exchange_clocks),
            "counts": (ROUND_SECONDS, self._counting.note),
            "recount": (self._counting.recount_seconds, self._recount),
            "clean up": (CLEANUP_SECONDS, self._clean_up),
        }
        if self._listen_url is not None:
            duties["listen"] = (0.0, self._listen)
            self._tasks.append(asyncio.create_task(self._announcer.run(self._stopping), name="announce"))
        self._tasks += [
            asyncio.create_task(repeat(name, seconds, duty, self._stopping), name=name)
            for name, (seconds, duty) in duties.items()
        ]

    async def stop(self) -> None:
        """Lets each loop end after what it is doing. A second time does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._announcer.stop()
        self._settling.ask()
        self._limits.stop()
        await asyncio.gather(*self._tasks)
        await self._counting.leave()

    async def _promote(self) -> None:
        """Makes due jobs pending, then rests until the next is due, at most a second."""
        if pending := await jobs.promote_due(self._database):
            self._announcer.made_pending(pending)
            return
        due = await jobs.next_due_seconds(self._database)
        await pause(self._stopping, ROUND_SECONDS if due is None else min(max(due, 0.01), ROUND_SECONDS))

    async def _exchange_clocks(self) -> None:
        await jobs.store_virtual_times(self._database, self._clocks)
        await jobs.load_virtual_times(self._database, self._clocks)

    async def _recount(self) -> None:
        await self._counting.recount(lambda seconds: pause(self._stopping, seconds))

    async def _deliver_notices(self) -> None:
        with self._announcer.listen([LEASES_TOPIC]) as word:
            await self._reaper.deliver_notices()
            await wait_for(word, ROUND_SECONDS)

    async def _listen(self) -> None:
        if self._listen_url is not None:
            await notifications.listen(
                self._listen_url, self._stopping, self._announcer.hear_everything, self._announcer.hear
            )

    async def _make_days(self) -> int:
        await maintenance.create_history_partitions(self._database)
        return 0

    async def _clean_up(self) -> None:
        """Forgets what is old, each in small batches, so that one that fails holds up no other."""
        keep = self._retention
        steps: Mapping[str, Callable[[], Awaitable[int]]] = {
            "make days": self._make_days,
            "drop days": lambda: maintenance.drop_old_history(self._database, keep.history_days),
            "forget keys": lambda: maintenance.delete_old_keys(self._database),
            "forget sessions": lambda: sessions.delete_old_sessions(self._database),
            "fold counts": lambda: counts.fold(self._database),
            "forget coordinators": lambda: counts.forget_coordinators(self._database),
            "forget notices": lambda: sessions.delete_old_notices(self._database),
            "forget abandoned uploads": lambda: incoming.delete_abandoned(self._database, keep.abandoned_upload_hours),
            "forget contents": lambda: uploads.expire_contents(self._database, keep.failed_content_days),
        }
        for name, step in steps.items():
            try:
                while await step() and not self._stopping.is_set():
                    pass
            except SluiceError as error:
                log.warning("duty_postponed", duty=name, error=error.message)


async def repeat(name: str, seconds: float, duty: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Carries out a duty again and again, with a rest in between, until `stopping` is set.

    By an event, not by cancellation: that may be lost inside the driver, and would cut a statement in two.
    """
    while not stopping.is_set():
        rest = seconds
        try:
            await duty()
        except SluiceError as error:
            log.warning("duty_postponed", duty=name, error=error.message)
            rest = ROUND_SECONDS
        except Exception:
            # A bug in one duty must not end the others, nor this one for good.
            log.exception("duty_failed", duty=name)
            rest = ROUND_SECONDS
        await pause(stopping, rest)
