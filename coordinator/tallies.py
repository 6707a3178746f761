"""How many jobs went from one state into another, by queue, as this coordinator saw it: what is noted once a second.

Counts are for people. A coordinator that dies takes with it what it saw in its last second; a recount finds that out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# In these a job is counted; the other states are left to history.
COUNTED_STATES = ("pending", "scheduled", "processing", "failed")
COUNTED = (*COUNTED_STATES, "moved", "enqueued", "claimed", "completed", "failures")

Counts = Mapping[str, int]
Rows = Sequence[Mapping[str, Any]]
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """So many jobs of a queue went from one state into another; None: they came in, or are kept no longer."""

    queue: str
    source: str | None
    target: str | None
    jobs: int = 1


class Tally:
    """What is still to be noted, by queue."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add(self, move: Move) -> None:
        """Counts a move."""
        if not move.jobs:
            return
        counts = self._counts.setdefault(move.queue, Counter())
        if move.source in COUNTED_STATES:
            counts[move.source] -= move.jobs
        if move.target in COUNTED_STATES:
            counts[move.target] += move.jobs
        counts["moved"] += move.jobs
        if flow := _FLOWS.get((move.source, move.target)) or _ENDS.get(move.target):
            counts[flow] += move.jobs

    def take(self) -> dict[str, Counts]:
        """Returns what is to be noted, which counts as noted from then on."""
        counts, self._counts = self._counts, {}
        return dict(counts)

    def put_back(self, taken: Mapping[str, Counts]) -> None:
        """Has counts noted again, where noting them failed."""
        for queue, counts in taken.items():
            self._counts.setdefault(queue, Counter()).update(counts)


_FLOWS: Mapping[tuple[str | None, str | None], str] = {
    (None, "pending"): "enqueued",
    (None, "scheduled"): "enqueued",
    ("pending", "processing"): "claimed",
}
_ENDS: Mapping[str | None, str] = {"completed": "completed", "failed": "failures"}


def moves(statement: str, parameters: Parameters, rows: Rows) -> Iterable[Move]:
    """Returns what a statement did to jobs; see MOVING for those that do anything."""
    return MOVING[statement](parameters, rows)


def _enqueued(parameters: Parameters, rows: Rows) -> Iterator[Move]:
    yield Move(parameters["queue"], None, "pending", sum(row["pending"] for row in rows))
    yield Move(parameters["queue"], None, "scheduled", sum(row["scheduled"] for row in rows))


def _claimed(parameters: Parameters, rows: Rows) -> Iterator[Move]:
    # A claim within limits has a row even where it got no job.
    yield Move(parameters["queue"], "pending", "processing", sum(row["id"] is not None for row in rows))


def _failed(parameters: Parameters, rows: Rows) -> Iterator[Move]:
    again = "pending" if parameters["at_once"] else "scheduled"
    for row in rows:
        yield Move(row["queue"], row["was"], "failed" if row["final"] else again)


def _cancelled(_: Parameters, rows: Rows) -> Iterator[Move]:
    for row in rows:
        yield Move(row["queue"], row["was"], "cancelled")


def _gone(_: Parameters, rows: Rows) -> Iterator[Move]:
    for row in rows:
        yield Move(row["queue"], row["state"], None, row["jobs"])


def _all(source: str, target: str) -> Callable[[Parameters, Rows], Iterator[Move]]:
    def read(_: Parameters, rows: Rows) -> Iterator[Move]:
        for queue, jobs in Counter(row["queue"] for row in rows).items():
            yield Move(queue, source, target, jobs)

    return read


# Every statement that takes a job from one state into another, and how its rows tell of it.
MOVING: Mapping[str, Callable[[Parameters, Rows], Iterator[Move]]] = {
    "enqueue_jobs": _enqueued,
    "claim_jobs": _claimed,
    "claim_jobs_within_limits": _claimed,
    "complete_jobs": _all("processing", "completed"),
    "fail_jobs": _failed,
    "snooze_jobs": _all("processing", "scheduled"),
    "release_jobs": _all("processing", "pending"),
    "promote_due_jobs": _all("scheduled", "pending"),
    "cancel_jobs": _cancelled,
    "redrive_jobs": _all("failed", "pending"),
    "prune_jobs": _gone,
    "count_day_failed": _gone,
    "delete_user_jobs": _gone,
    "delete_user_history": _gone,
    "delete_upload_history": _gone,
}
