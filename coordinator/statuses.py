"""Domain error → gRPC status: the one place where the two meet."""

from __future__ import annotations

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from coordinator.errors import ComeBackLater, SluiceError
from coordinator.wire.checks import duration

DOMAIN = "sluice"
DETAILS_KEY = "grpc-status-details-bin"

CODES: dict[str, grpc.StatusCode] = {
    "INVALID_REQUEST": grpc.StatusCode.INVALID_ARGUMENT,
    "PAYLOAD_TOO_LARGE": grpc.StatusCode.INVALID_ARGUMENT,
    "CHECKSUM_MISMATCH": grpc.StatusCode.INVALID_ARGUMENT,
    "JOB_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "UPLOAD_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "WORKER_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "IDEMPOTENCY_KEY_REUSED": grpc.StatusCode.ALREADY_EXISTS,
    "JOB_FINISHED": grpc.StatusCode.FAILED_PRECONDITION,
    "LEASE_LOST": grpc.StatusCode.FAILED_PRECONDITION,
    "UPLOAD_IN_USE": grpc.StatusCode.FAILED_PRECONDITION,
    "CONTENT_EXPIRED": grpc.StatusCode.FAILED_PRECONDITION,
    "QUEUE_FULL": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "QUOTA_EXCEEDED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "BUSY": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "UNAUTHENTICATED": grpc.StatusCode.UNAUTHENTICATED,
    "PERMISSION_DENIED": grpc.StatusCode.PERMISSION_DENIED,
    "STORE_UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "DRAINING": grpc.StatusCode.UNAVAILABLE,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}


class Incident(SluiceError):
    """Something that should not happen: callers are told a number by which the log has the cause, and nothing else."""

    reason = "INTERNAL"

    def __init__(self, incident_id: str) -> None:
        super().__init__(
            f"Something went wrong inside; the log has it as incident {incident_id}.", incident=incident_id
        )


def status_of(error: SluiceError) -> Status:
    """Returns the status with ErrorInfo, and with RetryInfo where waiting helps."""
    status = Status(code=CODES[error.reason].value[0], message=error.message)
    _add(status, ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if isinstance(error, ComeBackLater):
        _add(status, RetryInfo(retry_delay=duration(error.retry_after_seconds)))
    return status


def _add(status: Status, detail: ErrorInfo | RetryInfo) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)
