"""Notes once a second what this coordinator saw of the queues, and has all of them counted anew now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from coordinator.database import Database
from coordinator.errors import SluiceError
from coordinator.store import counts
from coordinator.tallies import Tally

log = structlog.get_logger()


class Counting:
    """The counts for people, from what was seen to what is noted."""

    def __init__(self, database: Database, coordinator: UUID, tally: Tally, *, recount_seconds: float) -> None:
        self._database = database
        self._coordinator = coordinator
        self._tally = tally
        self.recount_seconds = recount_seconds
        self._noting = asyncio.Lock()

    async def note(self) -> None:
        """Notes what was seen since the last time. Raises StoreUnavailable: the next time it is noted as well then."""
        async with self._noting:
            taken = self._tally.take()
            try:
                await counts.note(self._database, self._coordinator, taken)
            except BaseException:
                # Where it was noted and the answer was lost it counts twice, until the next recount.
                self._tally.put_back(taken)
                raise

    async def recount(self, rest: Callable[[float], Awaitable[None]]) -> None:
        """Counts all jobs, where no coordinator has done it lately; `rest` waits for so many seconds."""
        mended = await counts.recount(self._database, min_age_seconds=self.recount_seconds / 2, rest=rest)
        for queue, differences in (mended or {}).items():
            log.info("counts_mended", queue=queue, **differences)

    async def leave(self) -> None:
        """Notes what is left, and says that nothing more will come from here."""
        try:
            await self.note()
            await counts.leave(self._database, self._coordinator)
        except SluiceError as error:
            log.warning("counts_not_noted", error=error.message)
