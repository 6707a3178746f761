"""Claims as a dispatcher does, from low-water marks over a clock that the test may push."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from coordinator.database import Database
from coordinator.domain import ClaimedJob, Place
from coordinator.ids import new_token
from coordinator.marks import Look, QueueMarks
from coordinator.store import claims
from coordinator.store.claims import UNLIMITED_BYTES, Claimed, ClaimLimit, SessionClaim
from coordinator.store.sessions import SessionKey
from tests.database.stores import Store

# Looks that took so long are not repeated from the start for as long as may be.
LONG_SECONDS = 5.0


class Claimer:
    """Claims for one session from queue "q", with marks of its own. A look lasts a millisecond of the marks' time."""

    def __init__(self, store: Store, key: SessionKey) -> None:
        self.seconds = 1.0
        self.marks = QueueMarks(lambda: self.seconds)
        self._store = store
        self.key = key

    async def claim(
        self,
        number: int,
        kinds: Sequence[str] = ("k",),
        *,
        most_bytes: int = UNLIMITED_BYTES,
        look_seconds: float = 0.001,
        database: Database | None = None,
    ) -> list[ClaimedJob]:
        """Claims so many jobs, over the store's database or another, and moves the marks and the clock on."""
        look = self.marks.begin(kinds)
        self.seconds += look_seconds
        claimed = await self._claim(look, number, most_bytes, database or self._store.database)
        claims.take_note(self.marks, self._store.clocks, "q", look, claimed)
        return list(claimed.jobs)

    async def try_claim(self, number: int, database: Database) -> int:
        """Claims over a database that undoes it, and moves nothing; returns how many jobs it would have been."""
        look = self.marks.begin(["k"])
        claimed = await self._claim(look, number, UNLIMITED_BYTES, database)
        self.marks.give_up(look)
        return len(claimed.jobs)

    async def _claim(self, look: Look, number: int, most_bytes: int, database: Database) -> Claimed:
        limit = ClaimLimit(number, most_bytes, holds_nothing=True)
        wanted = SessionClaim(self.key.id, self.key.epoch, new_token(), "q", look.ranges, limit)
        return await claims.claim(database, wanted)

    async def claim_ids(
        self, number: int, *, most_bytes: int = UNLIMITED_BYTES, look_seconds: float = 0.001
    ) -> list[UUID]:
        """Claims so many jobs of kind "k"; returns their ids, in order."""
        taken = await self.claim(number, most_bytes=most_bytes, look_seconds=look_seconds)
        return [job.lease.job_id for job in taken]

    async def leave_the_start(self, jobs: int, look_seconds: float = LONG_SECONDS) -> list[ClaimedJob]:
        """Claims jobs in a look that lasts long, so that the next ones are from the marks for ten seconds."""
        taken = await self.claim(jobs, look_seconds=look_seconds)
        assert len(taken) == jobs
        assert self.passes(Place("q", "k", 0, taken[0].position - 1))
        return taken

    def passes(self, place: Place) -> bool:
        """Returns whether the next look would leave out what stands there."""
        look = self.marks.begin([place.kind])
        self.marks.give_up(look)
        return not any(
            (one.from_priority, one.from_position) <= (place.priority, place.position)
            and place.priority < one.below_priority
            for one in look.ranges
        )

    def hear(self, places: Iterable[Place]) -> None:
        """Takes the word that jobs are pending there."""
        for place in places:
            self.marks.lower(place)
