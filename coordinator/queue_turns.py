"""The queues of one session take turns, and none of them misses credit that another had set aside for nothing."""

from __future__ import annotations

from collections.abc import Sequence


class QueueTurns:
    """Which queue of a session is to be looked at first, and which found its credit with another."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._queues = tuple(queues)
        self._missed: dict[str, None] = {}

    def note_served(self, queue: str) -> None:
        """Notes that the queue gave jobs: the others come first now."""
        after = self._queues.index(queue) + 1
        self._queues = (*self._queues[after:], *self._queues[:after])

    def note_missed(self, queue: str) -> None:
        """Notes that the queue was looked at while all credit was set aside for another."""
        self._missed[queue] = None

    def take_missed(self) -> tuple[str, ...]:
        """Returns, once, the queues that are to be looked at again now that credit came back."""
        missed, self._missed = tuple(self._missed), {}
        return missed

    @property
    def in_order(self) -> tuple[str, ...]:
        """The queues, the one whose turn it is first."""
        return self._queues
