"""Problem documents (RFC 9457): the one place where a reason becomes an HTTP status and a document."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"

# Reasons that the coordinator gives (jobs.v1.ErrorReason, against which a test holds this), then those that the
# client library finds itself.
COORDINATOR_STATUS: Final[dict[str, int]] = {
    "UNSPECIFIED": 500,
    "INVALID_REQUEST": 400,
    "PAYLOAD_TOO_LARGE": 413,
    "JOB_NOT_FOUND": 404,
    "UPLOAD_NOT_FOUND": 404,
    "WORKER_NOT_FOUND": 404,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "JOB_FINISHED": 409,
    "LEASE_LOST": 409,
    "UPLOAD_IN_USE": 409,
    "CONTENT_EXPIRED": 410,
    "CHECKSUM_MISMATCH": 400,
    "QUEUE_FULL": 429,
    "QUOTA_EXCEEDED": 429,
    "BUSY": 429,
    # It is the gateway whom the coordinator does not know or let in: nothing that the person can mend.
    "UNAUTHENTICATED": 502,
    "PERMISSION_DENIED": 502,
    "STORE_UNAVAILABLE": 503,
    "DRAINING": 503,
    "INTERNAL": 500,
    "COORDINATOR_UNREACHABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}

# Reasons of the gateway's own.
GATEWAY_STATUS: Final[dict[str, int]] = {
    "INVALID_REQUEST": 400,
    "MALFORMED_BODY": 400,
    "NO_FILE": 400,
    "NO_USABLE_FILE": 400,
    "NOT_A_ZIP": 400,
    "ARCHIVE_REFUSED": 400,
    "ARCHIVE_WITHOUT_HISTORY": 400,
    "UNAUTHENTICATED": 401,
    "NOT_FOUND": 404,
    "JOB_NOT_FOUND": 404,
    "UPLOAD_NOT_FOUND": 404,
    "WORKER_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "OFFSET_CONFLICT": 409,
    "TUS_VERSION_UNSUPPORTED": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "VALIDATION_FAILED": 422,
    # Not a status of HTTP's but of tus's.
    "CHECKSUM_MISMATCH": 460,
    "INTERNAL": 500,
    "COORDINATOR_REFUSED": 502,
    "NOT_READY": 503,
    "OPERATOR_TOKEN_NEEDED": 503,
}

# What one waits where nobody said how long.
_DEFAULT_WAIT_SECONDS: Final = {429: 5, 503: 2, 504: 2}


class ProblemDocument(BaseModel):
    """What every error answers, as `application/problem+json`. Further members may stand beside these."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Names the reason as a URI.", examples=["urn:sluice:problem:upload-not-found"])
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="A sentence that says what to do.")
    reason: str = Field(description="For programs; upper snake case.", examples=["UPLOAD_NOT_FOUND"])
    instance: str = Field(description="The path that was asked for.")
    requestId: str | None = Field(None, description="As in the header X-Request-Id.")  # noqa: N815 - the wire's name


class Problem(HTTPException):
    """An answer that is a problem document: `members` are added to it, `headers` to the response."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        wait = retry_after_seconds if retry_after_seconds is not None else _DEFAULT_WAIT_SECONDS.get(status)
        waiting = {} if wait is None else {"Retry-After": str(max(1, math.ceil(wait)))}
        super().__init__(status, detail, waiting | (headers or {}))
        self.reason = reason
        self.members = members


def refusal(reason: str, detail: str, **members: Any) -> Problem:
    """Makes a problem of the gateway's own; its status stands in the table."""
    return Problem(GATEWAY_STATUS[reason], reason, detail, **members)


def document(request: Request, problem: Problem) -> JSONResponse:
    """Writes the problem document for a request."""
    content: dict[str, Any] = {
        "type": f"urn:sluice:problem:{problem.reason.lower().replace('_', '-')}",
        "title": _title(problem.status_code),
        "status": problem.status_code,
        "detail": problem.detail,
        "reason": problem.reason,
        "instance": request.url.path,
        "requestId": request.scope.get("state", {}).get("request_id"),
    }
    return JSONResponse(
        problem.members | content,
        status_code=problem.status_code,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(problem.headers or {})},
    )


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
