"""What a coordinator keeps in memory of the queues. All of it may be lost, or behind, and nothing breaks."""

from __future__ import annotations

from dataclasses import dataclass, field

from coordinator.clocks import VirtualClocks
from coordinator.marks import Marks
from coordinator.queue_limits import KnownLimits


@dataclass(frozen=True, slots=True)
class QueueMemory:
    """Turns, low-water marks and limits, by queue."""

    clocks: VirtualClocks = field(default_factory=VirtualClocks)
    marks: Marks = field(default_factory=Marks)
    limits: KnownLimits = field(default_factory=KnownLimits)
