"""What can go wrong, in the words of the domain. Knows nothing of gRPC or of the database driver.

SluiceError
├── InvalidRequest, PayloadTooLarge, ChecksumMismatch
├── NotFound                JobNotFound, UploadNotFound, WorkerNotFound
├── IdempotencyKeyReused
├── JobFinished
├── LeaseLost
├── ContentExpired
├── UploadInUse
├── ComeBackLater           QueueFull, QuotaExceeded, Busy, StoreUnavailable
├── Unauthenticated, PermissionDenied
└── Draining
"""

from __future__ import annotations

from typing import ClassVar


class SluiceError(Exception):
    """A call is refused: `reason` is for programs, the message for people, `metadata` names field, limit and value."""

    reason: ClassVar[str]

    def __init__(self, message: str, **metadata: object) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = {name: str(value) for name, value in metadata.items()}


class InvalidRequest(SluiceError):
    """The request cannot be carried out as it is."""

    reason = "INVALID_REQUEST"


class PayloadTooLarge(SluiceError):
    """A limit by bytes or by number was passed."""

    reason = "PAYLOAD_TOO_LARGE"


class ChecksumMismatch(SluiceError):
    """The bytes are not those that were announced."""

    reason = "CHECKSUM_MISMATCH"


class NotFound(SluiceError):
    """The caller owns no such thing."""


class JobNotFound(NotFound):
    """The owner has no such job."""

    reason = "JOB_NOT_FOUND"


class UploadNotFound(NotFound):
    """The person has no such upload."""

    reason = "UPLOAD_NOT_FOUND"


class WorkerNotFound(NotFound):
    """No worker has such a session, or it is over."""

    reason = "WORKER_NOT_FOUND"


class IdempotencyKeyReused(SluiceError):
    """The key came with other content before."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class JobFinished(SluiceError):
    """The job has ended."""

    reason = "JOB_FINISHED"


class LeaseLost(SluiceError):
    """The worker does not hold the job under this token."""

    reason = "LEASE_LOST"


class ContentExpired(SluiceError):
    """The content that this needs was removed."""

    reason = "CONTENT_EXPIRED"


class UploadInUse(SluiceError):
    """The upload is under way, or its plays are stored."""

    reason = "UPLOAD_IN_USE"


class ComeBackLater(SluiceError):
    """It may work later: `retry_after_seconds` says when to try again."""

    def __init__(self, message: str, *, retry_after_seconds: float, **metadata: object) -> None:
        super().__init__(message, **metadata)
        self.retry_after_seconds = retry_after_seconds


class QueueFull(ComeBackLater):
    """The queue is at its depth limit."""

    reason = "QUEUE_FULL"


class QuotaExceeded(ComeBackLater):
    """The owner is at a limit."""

    reason = "QUOTA_EXCEEDED"


class Busy(ComeBackLater):
    """Something that this would meet is under way: of the same owner, or in the same queue."""

    reason = "BUSY"


class StoreUnavailable(ComeBackLater):
    """The database cannot be reached or does not answer in time."""

    reason = "STORE_UNAVAILABLE"


class Unauthenticated(SluiceError):
    """The call came without a known token."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(SluiceError):
    """The caller's role may not call this."""

    reason = "PERMISSION_DENIED"


class Draining(SluiceError):
    """This coordinator is leaving."""

    reason = "DRAINING"
