"""The values that the coordinator reasons about. They know neither the wire nor the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

INGEST_QUEUE = "ingest"
INGEST_KIND = "ingest"
UNPACK_KIND = "unpack"

KIB = 1024
MIB = 1024 * KIB

# A turn of fair queueing: positions and virtual times are integers in units of 2^-20 of one.
TURN = 1 << 20


class Verb(StrEnum):
    """What a worker may do to end an attempt."""

    COMPLETE = "complete"
    FAIL = "fail"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a job is tried and how long it rests in between."""

    max_attempts: int = 4
    base_ms: int = 2_000
    factor: float = 2.0
    ceiling_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be stored. `size` is what it counts for in credits, in bytes."""

    id: UUID
    queue: str
    kind: str
    payload: bytes
    size: int
    owner: str
    lane: str | None
    priority: int = 0
    delay_ms: int = 0
    deadline_ms: int = 600_000
    retry_policy: RetryPolicy = RetryPolicy()
    file_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to one attempt, named by its fence."""

    job_id: UUID
    token: int


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job with the lease on its attempt."""

    lease: Lease
    kind: str
    priority: int
    position: int
    attempt: int
    payload: bytes
    size: int
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How one attempt failed."""

    lease: Lease
    reason: str
    message: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class FailOutcome:
    """What became of one failed job: `delay_seconds` until its next attempt, None where there is none."""

    refused: bool
    delay_seconds: float | None = None
    # Whose file the job was about, where it was about one and this call ended the attempt.
    upload_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class JobError:
    """What went wrong in one attempt."""

    attempt: int
    occurred_at: datetime
    worker: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands, unfinished or in history."""

    id: UUID
    queue: str
    kind: str
    state: str
    priority: int
    lane: str | None
    owner: str
    attempt: int
    max_attempts: int
    errors: tuple[JobError, ...]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReapedJob:
    """A lease that the reaper ended."""

    lease: Lease
    session_id: int | None
    queue: str
