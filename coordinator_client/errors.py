"""What a coordinator's refusal, or its silence, is in Python.

CoordinatorError
├── InvalidRequest, PayloadTooLarge, ChecksumMismatch
├── NotFound                JobNotFound, UploadNotFound, WorkerNotFound
├── IdempotencyKeyReused
├── JobFinished
├── LeaseLost
├── ContentExpired
├── UploadInUse
├── ComeBackLater           QueueFull, QuotaExceeded, Busy
├── Unavailable             StoreUnavailable, Draining, CoordinatorUnreachable
├── Unauthenticated, PermissionDenied
├── DeadlineExceeded
└── InternalError
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "sluice"
STATUS_DETAILS_KEY = "grpc-status-details-bin"


class CoordinatorError(Exception):
    """A call failed: `reason` tells programs why, `message` people; `metadata` names field, limit and value.

    `retry_after` is how many seconds to wait before trying again, where the coordinator said so.
    """

    default_reason: ClassVar[str] = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class InvalidRequest(CoordinatorError):
    """The request cannot be carried out as it is."""

    default_reason = "INVALID_REQUEST"


class PayloadTooLarge(CoordinatorError):
    """A limit by bytes or by number was passed."""

    default_reason = "PAYLOAD_TOO_LARGE"


class ChecksumMismatch(CoordinatorError):
    """The bytes are not those that were announced."""

    default_reason = "CHECKSUM_MISMATCH"


class NotFound(CoordinatorError):
    """The owner has no such thing."""


class JobNotFound(NotFound):
    """The owner has no such job."""

    default_reason = "JOB_NOT_FOUND"


class UploadNotFound(NotFound):
    """The person has no such upload."""

    default_reason = "UPLOAD_NOT_FOUND"


class WorkerNotFound(NotFound):
    """No worker has such a session, or it is over."""

    default_reason = "WORKER_NOT_FOUND"


class IdempotencyKeyReused(CoordinatorError):
    """The key came with other content before: take a new one."""

    default_reason = "IDEMPOTENCY_KEY_REUSED"


class JobFinished(CoordinatorError):
    """The job has ended."""

    default_reason = "JOB_FINISHED"


class LeaseLost(CoordinatorError):
    """The worker does not hold the job any more: stop, write nothing."""

    default_reason = "LEASE_LOST"


class ContentExpired(CoordinatorError):
    """The content was removed: upload the file again."""

    default_reason = "CONTENT_EXPIRED"


class UploadInUse(CoordinatorError):
    """The upload is under way, or its plays are stored: it cannot be removed as it is."""

    default_reason = "UPLOAD_IN_USE"


class ComeBackLater(CoordinatorError):
    """Nothing is wrong with the request; `retry_after` says when to try again."""


class QueueFull(ComeBackLater):
    """The queue is at its depth limit."""

    default_reason = "QUEUE_FULL"


class QuotaExceeded(ComeBackLater):
    """The owner is at a limit."""

    default_reason = "QUOTA_EXCEEDED"


class Busy(ComeBackLater):
    """Something of the same owner is under way."""

    default_reason = "BUSY"


class Unavailable(CoordinatorError):
    """The coordinator did not answer; the call may have been carried out all the same."""


class StoreUnavailable(Unavailable):
    """The coordinator does not reach its database."""

    default_reason = "STORE_UNAVAILABLE"


class Draining(Unavailable):
    """The coordinator is leaving and did nothing: connect anew."""

    default_reason = "DRAINING"


class CoordinatorUnreachable(Unavailable):
    """No coordinator was reached, or the connection broke before its answer."""

    default_reason = "COORDINATOR_UNREACHABLE"


class Unauthenticated(CoordinatorError):
    """The call came without a known token."""

    default_reason = "UNAUTHENTICATED"


class PermissionDenied(CoordinatorError):
    """The caller's role may not call this."""

    default_reason = "PERMISSION_DENIED"


class DeadlineExceeded(CoordinatorError):
    """No answer came in the time that the call was given; it may have been carried out all the same."""

    default_reason = "DEADLINE_EXCEEDED"


class InternalError(CoordinatorError):
    """Something broke in the coordinator; the message holds the incident's id, its log the cause."""

    default_reason = "INTERNAL"


BY_REASON: dict[str, type[CoordinatorError]] = {
    kind.default_reason: kind
    for kind in (
        InvalidRequest,
        PayloadTooLarge,
        JobNotFound,
        UploadNotFound,
        WorkerNotFound,
        IdempotencyKeyReused,
        JobFinished,
        LeaseLost,
        ContentExpired,
        UploadInUse,
        ChecksumMismatch,
        QueueFull,
        QuotaExceeded,
        Busy,
        Unauthenticated,
        PermissionDenied,
        StoreUnavailable,
        Draining,
        InternalError,
    )
}

# What a status means that came without details: from gRPC itself, a proxy or another program's server.
BY_STATUS: dict[grpc.StatusCode, type[CoordinatorError]] = {
    grpc.StatusCode.UNAVAILABLE: CoordinatorUnreachable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    # A server, or a proxy before it, that has enough to do.
    grpc.StatusCode.RESOURCE_EXHAUSTED: Busy,
    grpc.StatusCode.INTERNAL: InternalError,
}

# What gRPC says of a message that passes its own limit on the size, with the status of one that has enough to do.
_MESSAGE_TOO_LARGE = "message larger than max"


def from_rpc_error(error: grpc.aio.AioRpcError) -> CoordinatorError:
    """Turns a failed call's status into the exception for it; never fails, whatever the details hold."""
    info, retry_after = _details(error.trailing_metadata())
    message = error.details() or error.code().name
    if info is None:
        kind = _kind_by_status(error.code(), message)
        if kind is None:
            return CoordinatorError(message, reason=error.code().name, retry_after=retry_after)
        return kind(message, retry_after=retry_after)
    return from_reason(info.reason, message, info.metadata, retry_after)


def from_reason(
    reason: str, message: str, metadata: Mapping[str, str], retry_after: float | None = None
) -> CoordinatorError:
    """Makes the exception for a reason that the coordinator gave; one that is not known here keeps its name."""
    kind = BY_REASON.get(reason, CoordinatorError)
    return kind(message, reason=reason, metadata=metadata, retry_after=retry_after)


def _kind_by_status(code: grpc.StatusCode, message: str) -> type[CoordinatorError] | None:
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and _MESSAGE_TOO_LARGE in message:
        return PayloadTooLarge
    return BY_STATUS.get(code)


def _details(trailers: grpc.aio.Metadata | None) -> tuple[error_details_pb2.ErrorInfo | None, float | None]:
    """Reads our ErrorInfo and the RetryInfo's seconds out of the trailing metadata; neither where it is unreadable."""
    packed = None if trailers is None else trailers.get(STATUS_DETAILS_KEY)
    info, retry_after = None, None
    try:
        status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else b"")
        for detail in status.details:
            candidate, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
            if detail.Unpack(candidate) and candidate.domain == DOMAIN:
                info = candidate
            elif detail.Unpack(retry):
                retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    except DecodeError:
        return None, None
    return info, retry_after
