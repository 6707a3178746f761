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
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a job is tried and how long it rests in between."""

    max_attempts: int = 4
    base_ms: int = 2_000
    factor: float = 2.0
    ceiling_ms: int = 300_000
    # How much of the wait is drawn: 1 is full jitter.
    jitter: float = 1.0


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be stored. `size` is what it counts for in credits, in bytes; `turn` what its lane moves on by."""

    id: UUID
    queue: str
    kind: str
    payload: bytes
    size: int
    owner: str
    lane: str | None
    priority: int = 0
    # In 2^-20 turns.
    turn: int = TURN
    delay_ms: int = 0
    # Until somebody must have taken it, the delay included; None: for ever.
    expire_ms: int | None = None
    deadline_ms: int = 600_000
    retry_policy: RetryPolicy = RetryPolicy()
    unique_key: str | None = None
    file_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job that has become pending stands in its queue."""

    queue: str
    kind: str
    priority: int
    position: int


@dataclass(frozen=True, slots=True)
class Freed:
    """What the end of attempts made room for: queues that may be claimed from, and jobs that were let in there."""

    queues: frozenset[str] = frozenset()
    pending: tuple[Place, ...] = ()


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
    # Where the attempt before left off; empty where it left nothing.
    checkpoint: bytes = b""


@dataclass(frozen=True, slots=True)
class Failure:
    """How one attempt failed."""

    lease: Lease
    reason: str
    message: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Postponement:
    """One attempt that is put off."""

    lease: Lease
    delay_ms: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come, in its worker's own unit; a total of 0 is not known."""

    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """How far one attempt has come, and where a next one is to go on; None leaves what is stored."""

    lease: Lease
    progress: Progress | None = None
    # Empty: there is none any more.
    checkpoint: bytes | None = None


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
    turn: int
    lane: str | None
    owner: str
    unique_key: str | None
    # In bytes, of its payload or of the file that it is about.
    size: int
    attempt: int
    max_attempts: int
    errors: tuple[JobError, ...]
    progress: Progress | None
    result: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_at: datetime | None
    expires_at: datetime | None
    # Pending, and kept back until its lane has room.
    waits_for_lane: bool


@dataclass(frozen=True, slots=True)
class EndedJob:
    """A job that was ended or sent back by others than its worker; `place` where it is pending again."""

    job_id: UUID
    session_id: int | None
    place: Place | None
    # Whose file it was about, where it was about one.
    upload_id: UUID | None


class NoticeReason(StrEnum):
    """Why a worker that lives does not hold a lease any more."""

    LOST = "lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class LeaseNotice:
    """Word to the worker of a session about one of its leases."""

    session_id: int
    lease: Lease
    reason: NoticeReason
