"""What a coordinator does by the clock: one loop a duty, each of which survives an outage of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.errors import SluiceError
from coordinator.reaper import Reaper
from coordinator.store import jobs, maintenance, sessions, uploads
from coordinator.wakeups import Wakeups, pause

ROUND_SECONDS = 1.0
CLEANUP_SECONDS = 60.0

log = structlog.get_logger()


class Maintenance:
    """The periodic duties of one coordinator. Any number of coordinators may run them at once."""

    def __init__(
        self,
        database: Database,
        reaper: Reaper,
        clocks: VirtualClocks,
        wakeups: Wakeups,
        *,
        lease_seconds: float,
        history_days: int,
        failed_content_days: int,
        abandoned_upload_hours: float,
    ) -> None:
        self._database = database
        self._reaper = reaper
        self._clocks = clocks
        self._wakeups = wakeups
        # Often enough that a renewal or two may come late and no session is lost.
        self._reap_seconds = min(ROUND_SECONDS, lease_seconds / 5)
        self._history_days = history_days
        self._failed_content_days = failed_content_days
        self._abandoned_upload_hours = abandoned_upload_hours
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Makes sure that history has its days, learns the clocks, and starts the loops."""
        await maintenance.create_history_partitions(self._database)
        await jobs.load_virtual_times(self._database, self._clocks)
        duties = {
            "reap": (self._reap_seconds, self._reaper.run_round),
            "promote": (0.0, self._promote),
            "clocks": (ROUND_SECONDS, self._store_clocks),
            "clean up": (CLEANUP_SECONDS, self._clean_up),
        }
        self._tasks = [
            asyncio.create_task(repeat(name, seconds, duty, self._stopping), name=name)
            for name, (seconds, duty) in duties.items()
        ]

    async def stop(self) -> None:
        """Lets each loop end after what it is doing."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _promote(self) -> None:
        """Makes due jobs pending, then rests until the next is due, at most a second."""
        if queues := await jobs.promote_due(self._database):
            self._wakeups.wake(set(queues))
            return
        due = await jobs.next_due_seconds(self._database)
        await pause(self._stopping, ROUND_SECONDS if due is None else min(max(due, 0.01), ROUND_SECONDS))

    async def _store_clocks(self) -> None:
        await jobs.store_virtual_times(self._database, self._clocks)

    async def _clean_up(self) -> None:
        await maintenance.create_history_partitions(self._database)
        await maintenance.drop_old_history(self._database, self._history_days)
        await maintenance.delete_old_keys(self._database)
        await sessions.delete_old_sessions(self._database)
        await uploads.delete_abandoned(self._database, self._abandoned_upload_hours)
        await uploads.expire_contents(self._database, self._failed_content_days)


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
