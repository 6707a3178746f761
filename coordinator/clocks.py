"""Virtual time of each queue and priority: the position up to which jobs were claimed. A new lane starts there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coordinator.domain import ClaimedJob


class VirtualClocks:
    """Virtual times in memory, in 2^-20 turns. They only grow; once a second they are stored and learnt."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, int], int] = {}

    def read(self, queue: str, priority: int) -> int:
        """Returns the virtual time, 0 for a queue that nothing was claimed from."""
        return self._times.get((queue, priority), 0)

    def advance(self, queue: str, priority: int, position: int) -> None:
        """Moves the clock on to a position that was claimed or learnt; never back."""
        key = (queue, priority)
        if position > self._times.get(key, 0):
            self._times[key] = position

    def pass_over(self, queue: str, jobs: Iterable[ClaimedJob]) -> None:
        """Moves the clocks on to the jobs that were claimed."""
        for job in jobs:
            self.advance(queue, job.priority, job.position)

    def snapshot(self) -> Mapping[tuple[str, int], int]:
        """Returns a copy of every clock."""
        return dict(self._times)

    def merge(self, times: Iterable[tuple[str, int, int]]) -> None:
        """Learns (queue, priority, virtual time) rows that others stored."""
        for queue, priority, position in times:
            self.advance(queue, priority, position)
