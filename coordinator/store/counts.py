"""Counts of the queues: noted by each coordinator in rows of its own, summed for people, mended by a recount."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from coordinator.database import Connection, Database, execute, fetch_all, fetch_one
from coordinator.tallies import COUNTED, COUNTED_STATES, Counts

# The advisory lock of the duty, so that one coordinator at a time counts.
RECOUNT_DUTY = 7_305_411_905
# What one statement counts at most.
PIECE_JOBS = 20_000
# What had been done before the count and was not noted yet is noted by then, twice over.
SETTLE_SECONDS = 3.0

_LEAST_ID = UUID(int=0)
_LEAST_TIME = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Recount:
    """What was counted in one snapshot, and what had been noted by then."""

    generation: int
    found: Mapping[str, Counts]
    noted: Mapping[str, Counts]

    @property
    def wrong(self) -> dict[str, dict[str, int]]:
        """By how much what was noted falls short, by queue and state."""
        nothing: Counts = {}
        queues = {*self.found, *self.noted}
        differences = {
            queue: {
                state: self.found.get(queue, nothing).get(state, 0) - self.noted.get(queue, nothing).get(state, 0)
                for state in COUNTED_STATES
            }
            for queue in queues
        }
        return {queue: one for queue, one in differences.items() if any(one.values())}


async def note(database: Database, coordinator: UUID, counts: Mapping[str, Counts]) -> None:
    """Notes what a coordinator saw, by queue, and that it is there."""
    queues = sorted(counts)
    columns = {name: [counts[queue].get(name, 0) for queue in queues] for name in COUNTED}
    await database.execute("note_counts", {"coordinator": coordinator, "queues": queues, **columns})


async def leave(database: Database, coordinator: UUID) -> None:
    """Says that a coordinator has noted all it will ever note."""
    await database.execute("leave_counts", {"coordinator": coordinator})


async def fold(database: Database) -> int:
    """Folds what was noted minutes ago, at most 10,000 rows; returns how many rows it became."""
    return await database.execute("fold_counts")


async def forget_coordinators(database: Database) -> int:
    """Forgets coordinators that died over an hour ago; returns how many."""
    return await database.execute("forget_coordinators")


async def recount(
    database: Database, *, min_age_seconds: float, rest: Callable[[float], Awaitable[None]]
) -> dict[str, dict[str, int]] | None:
    """Counts all jobs and mends what was noted; returns what was mended, None where it was not due or another did it.

    A difference that is no greater than what moved meanwhile is left alone: it may be what was just under way. On a
    quiet queue every difference is mended.
    """
    counted = await _count(database, min_age_seconds)
    if counted is None:
        return None
    wrong = counted.wrong
    if wrong:
        await rest(SETTLE_SECONDS)
    async with database.transaction() as connection:
        if not await fetch_one(connection, "finish_recount", {"generation": counted.generation}):
            return None
        certain = _certain(wrong, counted.noted, await _sums(connection)) if wrong else {}
        if certain:
            await execute(connection, "mend_counts", _columns(certain))
    return certain


def _certain(
    wrong: Mapping[str, Mapping[str, int]], before: Mapping[str, Counts], now: Mapping[str, Counts]
) -> dict[str, dict[str, int]]:
    nothing: Counts = {}
    certain = {}
    for queue, differences in wrong.items():
        moved = now.get(queue, nothing).get("moved", 0) - before.get(queue, nothing).get("moved", 0)
        kept = {state: number for state, number in differences.items() if abs(number) > moved}
        if kept:
            certain[queue] = kept
    return certain


def _columns(differences: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
    queues = sorted(differences)
    return {
        "queues": queues,
        **{state: [differences[queue].get(state, 0) for queue in queues] for state in COUNTED_STATES},
    }


async def _count(database: Database, min_age_seconds: float) -> _Recount | None:
    """Counts in small pieces that all see the same moment."""
    async with database.transaction() as connection:
        await execute(connection, "read_one_snapshot")
        duty = await fetch_one(connection, "try_maintenance_lock", {"duty": RECOUNT_DUTY})
        last = await fetch_one(connection, "begin_recount")
        if last is None or duty is None or not duty["held"]:
            return None
        if last["counted_at"] is not None and last["age_seconds"] < min_age_seconds:
            return None
        noted = await _sums(connection)
        found: dict[str, dict[str, int]] = {}
        async for queue, state, jobs in _pieces(connection):
            states = found.setdefault(queue, {})
            states[state] = states.get(state, 0) + jobs
    return _Recount(last["generation"], found, noted)


async def _sums(connection: Connection) -> dict[str, Counts]:
    return {row.pop("queue"): row for row in await fetch_all(connection, "sum_counts")}


async def _pieces(connection: Connection) -> AsyncIterator[tuple[str, str, int]]:
    """Yields (queue, state, jobs) of each piece: first of the unfinished jobs, then of the failed ones."""
    after = _LEAST_ID
    while rows := await fetch_all(connection, "count_open_jobs", {"after": after, "jobs": PIECE_JOBS}):
        for row in rows:
            yield row["queue"], row["state"], row["jobs"]
        after = rows[0]["last_id"]
    for row in await fetch_all(connection, "list_queues"):
        failed_after = _LEAST_TIME
        while True:
            piece = {"queue": row["name"], "after": failed_after, "jobs": PIECE_JOBS}
            counted = await fetch_one(connection, "count_failed_jobs", piece)
            if counted is None or not counted["jobs"]:
                break
            yield row["name"], "failed", counted["jobs"]
            failed_after = counted["last_at"]
