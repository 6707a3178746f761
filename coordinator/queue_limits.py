"""The limits of queues, and what a coordinator knows of them. It may be behind: the statements ask for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coordinator.ids import new_counted_token, new_token


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many claims a second on average; after a rest, `burst` at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What an operator set; None is not limited."""

    # Unfinished jobs.
    max_depth: int | None = None
    # Jobs that are processing: in all, and in each lane.
    max_running: int | None = None
    max_running_per_lane: int | None = None
    rate: RateLimit | None = None

    @property
    def restrain_claims(self) -> bool:
        """Whether claims ask for them; a limit of the depth is for those who enqueue."""
        return any(limit is not None for limit in (self.max_running, self.max_running_per_lane, self.rate))


@dataclass(frozen=True, slots=True)
class KnownQueue:
    """A queue of which there is something to heed, as it was when it was read."""

    name: str
    paused: bool
    limits: QueueLimits
    # Claims ask for limits first.
    guarded: bool
    # How often it was guarded anew, and whether all that was leased before that is counted.
    guards: int
    counted: bool
    # Jobs may be kept back until their lane has room.
    keeps_back: bool

    @property
    def is_to_be_counted(self) -> bool:
        """Whether nothing is claimed until it is counted what was leased before the queue was guarded."""
        limits = self.limits
        return (
            self.guarded
            and not self.counted
            and (limits.max_running is not None or limits.max_running_per_lane is not None)
        )


class KnownLimits:
    """What this coordinator knows of all queues: read once a second, and when word of a change came."""

    def __init__(self) -> None:
        self._queues: dict[str, KnownQueue] = {}

    def learn(self, queues: Iterable[KnownQueue]) -> set[str]:
        """Takes what there is to heed now; returns the names of queues of which something changed."""
        before, self._queues = self._queues, {queue.name: queue for queue in queues}
        return {name for name in before.keys() | self._queues.keys() if before.get(name) != self._queues.get(name)}

    def token(self, queue: str) -> int:
        """Returns a token for a claim: by it the claim, and later the attempt's end, goes the way of guarded queues."""
        known = self._queues.get(queue)
        return new_counted_token() if known is not None and known.guarded else new_token()

    def max_depth(self, queue: str) -> int | None:
        """Returns how many unfinished jobs the queue takes; None: no limit."""
        known = self._queues.get(queue)
        return None if known is None else known.limits.max_depth

    @property
    def guarded(self) -> set[str]:
        """The names of queues whose claims ask for limits first."""
        return {queue.name for queue in self._queues.values() if queue.guarded}

    @property
    def uncounted(self) -> list[KnownQueue]:
        """The queues from which nothing is claimed until it is counted what was leased."""
        return [queue for queue in self._queues.values() if queue.is_to_be_counted]

    @property
    def keeping_back(self) -> list[KnownQueue]:
        """The queues in which jobs may be kept back."""
        return [queue for queue in self._queues.values() if queue.keeps_back]
