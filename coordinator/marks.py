"""Low-water marks: where claims begin to look, so that what was claimed long ago is not walked over again.

Dead index entries stay for as long as anybody holds a snapshot. A mark says that of one queue, kind and priority
nothing below a position is pending. That may turn out wrong (a job committed late, a claim rolled back): whoever makes
jobs pending lowers the marks, and a scan from the start, every now and then, finds what nobody told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from coordinator.domain import ClaimedJob, Place

LOWEST_PRIORITY, ABOVE_ALL_PRIORITIES = -32_768, 32_768
LOWEST_POSITION = -(2**63)

# A scan from the start rests for so many times its own duration, and no longer than so many seconds.
RESCAN_REST = 50.0
RESCAN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ClaimRange:
    """Part of one kind's order: from a priority and position (included) on, below another priority."""

    kind: str
    from_priority: int = LOWEST_PRIORITY
    from_position: int = LOWEST_POSITION
    below_priority: int = ABOVE_ALL_PRIORITIES


@dataclass(slots=True, eq=False)
class Look:
    """One claim's look at a queue: where it begins, and what became pending while it was under way."""

    kinds: Sequence[str]
    ranges: Sequence[ClaimRange]
    # The kinds that are looked for from the start.
    whole: frozenset[str]
    began: float
    lowered: list[Place] = field(default_factory=list)


class QueueMarks:
    """The marks of one queue, by kind and priority."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: dict[str, dict[int, int]] = {}
        self._rescan_at: dict[str, float] = {}
        self._looks: list[Look] = []

    def begin(self, kinds: Sequence[str]) -> Look:
        """Begins a look for these kinds; `finish` or `give_up` ends it."""
        now = self._clock()
        whole = frozenset(kind for kind in kinds if now >= self._rescan_at.get(kind, 0.0))
        ranges = [one for kind in kinds for one in ([ClaimRange(kind)] if kind in whole else self._ranges(kind))]
        look = Look(kinds, ranges, whole, now)
        self._looks.append(look)
        return look

    def _ranges(self, kind: str) -> list[ClaimRange]:
        """Cuts the order of a kind so that only what lies below a mark is left out, whatever priorities there are."""
        ranges: list[ClaimRange] = []
        from_priority, from_position = LOWEST_PRIORITY, LOWEST_POSITION
        for priority, position in sorted(self._marks.get(kind, {}).items()):
            ranges.append(ClaimRange(kind, from_priority, from_position, priority))
            from_priority, from_position = priority, position
        ranges.append(ClaimRange(kind, from_priority, from_position))
        return [one for one in ranges if one.from_priority < one.below_priority]

    def finish(self, look: Look, jobs: Iterable[ClaimedJob], staying: Iterable[Place]) -> None:
        """Moves the marks on to the first job that stays, or to the last that was claimed where none was seen to stay.

        In order of the lowest: what became pending meanwhile, which this look may have missed, holds a mark back.
        """
        self._looks.remove(look)
        jobs = tuple(jobs)
        stops = {place.kind: (place.priority, place.position) for place in staying}
        for kind in look.whole:
            self._forget_beyond(kind, stops.get(kind) or _last_of(kind, jobs))
        for job in jobs:
            if (job.priority, job.position) < stops.get(job.kind, (ABOVE_ALL_PRIORITIES, 0)):
                self._raise(job.kind, job.priority, job.position)
        for kind, (priority, position) in stops.items():
            self._marks.setdefault(kind, {})[priority] = position
        for place in look.lowered:
            self._lower(place)
        self._schedule_rescan(look)

    def give_up(self, look: Look) -> None:
        """Ends a look whose outcome is not known: the marks stay."""
        self._looks.remove(look)

    def lower(self, place: Place) -> None:
        """Takes note of a job that has become pending: no mark stays above it."""
        self._lower(place)
        for look in self._looks:
            look.lowered.append(place)

    def forget(self) -> None:
        """Has every kind looked for from the start, when word of pending jobs may have been missed."""
        self._rescan_at.clear()

    def rescan_seconds(self, kinds: Iterable[str]) -> float:
        """Returns the time until one of the kinds is looked for from the start again."""
        return max(0.0, min(self._rescan_at.get(kind, 0.0) for kind in kinds) - self._clock())

    def _schedule_rescan(self, look: Look) -> None:
        now = self._clock()
        rest = min(RESCAN_REST * (now - look.began), RESCAN_SECONDS)
        for kind in look.whole:
            self._rescan_at[kind] = now + rest

    def _forget_beyond(self, kind: str, seen: tuple[int, int] | None) -> None:
        """Drops what was known beyond the last place that a look from the start came to: it may have been wrong."""
        if seen is not None and (marks := self._marks.get(kind)) is not None:
            self._marks[kind] = {priority: position for priority, position in marks.items() if priority < seen[0]}

    def _raise(self, kind: str, priority: int, position: int) -> None:
        marks = self._marks.setdefault(kind, {})
        marks[priority] = max(position, marks.get(priority, position))

    def _lower(self, place: Place) -> None:
        marks = self._marks.get(place.kind)
        if marks is not None and place.position < marks.get(place.priority, place.position):
            marks[place.priority] = place.position


def _last_of(kind: str, jobs: Iterable[ClaimedJob]) -> tuple[int, int] | None:
    return max(((job.priority, job.position) for job in jobs if job.kind == kind), default=None)


class Marks:
    """The marks of every queue that this coordinator claims from."""

    def __init__(self) -> None:
        self._queues: dict[str, QueueMarks] = {}

    def of(self, queue: str) -> QueueMarks:
        """Returns the marks of a queue."""
        return self._queues.setdefault(queue, QueueMarks())

    def lower(self, places: Iterable[Place]) -> None:
        """Takes note of jobs that have become pending."""
        for place in places:
            if (marks := self._queues.get(place.queue)) is not None:
                marks.lower(place)

    def forget(self) -> None:
        """Has everything looked for from the start."""
        for marks in self._queues.values():
            marks.forget()
