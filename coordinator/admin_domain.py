"""What operators see and ask for, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator.domain import Job, Progress
from coordinator.queue_limits import QueueLimits

# What the looks that tell of a queue without counting it read at most.
LOOK_JOBS = 10_000


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; a field that is None fits all."""

    queue: str | None = None
    kind: str | None = None
    owner: str | None = None
    states: frozenset[str] | None = None
    # Of the last error.
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first, and below which id the next page goes on: None after the last."""

    jobs: Sequence[Job]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class OpenJobFilter:
    """Which unfinished jobs of a queue; a field that is None fits all."""

    queue: str
    kind: str | None = None
    owner: str | None = None
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How a queue stands, by what was noted of it and by a look at its head."""

    queue: str
    paused: bool
    limits: QueueLimits
    pending: int
    scheduled: int
    processing: int
    failed: int
    # A second, over the last minute.
    enqueued_rate: float
    claimed_rate: float
    completed_rate: float
    failed_rate: float
    # When the oldest of the counts was noted.
    counted_at: datetime
    oldest_pending_at: datetime | None
    # The ten lanes with most, by name; the empty one is of jobs without a lane.
    lanes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HeldJob:
    """What a worker holds."""

    job_id: UUID
    kind: str
    attempt: int
    started_at: datetime
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A session as operators see it: `held` are the longest, `held_count` all that were found."""

    session_id: int
    name: str
    queues: Sequence[str]
    kinds: Sequence[str]
    is_open: bool
    retiring: bool
    left: bool
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    held: Sequence[HeldJob]
    held_count: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What an operator did; `details` is a JSON text."""

    id: int
    at: datetime
    principal: str
    peer: str
    act: str
    details: str


@dataclass(frozen=True, slots=True)
class PruneFilter:
    """Which finished jobs are to go; a field that is None fits all."""

    finished_before: datetime
    queue: str | None = None
    states: frozenset[str] | None = None
