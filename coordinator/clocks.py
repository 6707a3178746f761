"""Virtual time of each queue and priority: the position up to which jobs were claimed. A new lane starts there."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator.domain import ClaimedJob

# Of one queue and one priority.
Clock = tuple[str, int]


class VirtualClocks:
    """Virtual times in memory, in 2^-20 turns. They only grow; once a second they are stored and learnt."""

    def __init__(self) -> None:
        self._times: dict[Clock, int] = {}
        self._moved: set[Clock] = set()

    def read(self, queue: str, priority: int) -> int:
        """Returns the virtual time, 0 for a queue that nothing was claimed from."""
        return self._times.get((queue, priority), 0)

    def advance(self, queue: str, priority: int, position: int) -> None:
        """Moves the clock on to a position that was claimed; never back."""
        if self._raise((queue, priority), position):
            self._moved.add((queue, priority))

    def pass_over(self, queue: str, jobs: Iterable[ClaimedJob]) -> None:
        """Moves the clocks on to the jobs that were claimed."""
        for job in jobs:
            self.advance(queue, job.priority, job.position)

    def take_moved(self) -> dict[Clock, int]:
        """Returns the clocks that have moved and are to be stored; they count as stored from then on."""
        moved, self._moved = self._moved, set()
        return {clock: self._times[clock] for clock in moved}

    def mark_moved(self, clocks: Iterable[Clock]) -> None:
        """Has clocks stored again, where storing them failed."""
        self._moved.update(clocks)

    def merge(self, times: Iterable[tuple[str, int, int]]) -> None:
        """Learns (queue, priority, virtual time) rows that others stored."""
        for queue, priority, position in times:
            self._raise((queue, priority), position)

    def _raise(self, clock: Clock, position: int) -> bool:
        later = position > self._times.get(clock, 0)
        if later:
            self._times[clock] = position
        return later
