"""Everything that can go wrong in a request, as a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from coordinator_client.errors import CoordinatorError
from gateway.problems import COORDINATOR_STATUS, Problem, document, refusal

_log = structlog.get_logger("gateway.errors")

# Not a status of HTTP's: nobody is there any more to read it. It stands in the log.
_CLIENT_CLOSED_REQUEST = 499

# What the frameworks refuse by themselves, by status.
_FRAMEWORK_REFUSALS = {
    400: ("INVALID_REQUEST", "The request cannot be read. Check its body."),
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: (
        "METHOD_NOT_ALLOWED",
        "This address does not take that method; the header Allow says which it takes.",
    ),
}

# The contract's names of what people name otherwise.
_FIELD_NAMES = {
    "page_size": "limit",
    "page_token": "cursor",
    "time_zone": "tz",
    "start_time": "from",
    "end_time": "to",
    "min_ms": "minMs",
    "content_type": "contentType",
    "expected_size": "Upload-Length",
    "idempotency_key": "Idempotency-Key",
    "unique_key": "uniqueKey",
    "delay": "delaySeconds",
    "expire_after": "expireAfterSeconds",
    "job_ids": "jobIds",
    "failed_from": "failedFrom",
    "failed_until": "failedUntil",
    "max_depth": "maxDepth",
    "max_running": "maxRunning",
    "max_running_per_lane": "maxRunningPerLane",
    "per_second": "perSecond",
}

# The client library finds these; its sentences are for programmers.
_SILENCES = frozenset({"COORDINATOR_UNREACHABLE", "DEADLINE_EXCEEDED"})
_SILENT = "The service behind this page does not answer at the moment. Try again shortly."


def install_error_handlers(app: FastAPI) -> None:
    """Makes the application answer every error with a problem document."""
    app.exception_handler(HTTPException)(_on_http_exception)
    app.exception_handler(RequestValidationError)(_on_validation_error)
    app.exception_handler(CoordinatorError)(_on_coordinator_error)
    app.exception_handler(ClientDisconnect)(_on_disconnect)


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    return document(request, error if isinstance(error, Problem) else _framework_problem(error))


def _framework_problem(error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    known = _FRAMEWORK_REFUSALS.get(error.status_code)
    if known is None:
        return Problem(error.status_code, f"HTTP_{error.status_code}", error.detail, headers=headers)
    reason, detail = known
    return refusal(reason, detail, headers=headers)


async def _on_validation_error(request: Request, error: RequestValidationError) -> Response:
    mistakes = [
        {"field": ".".join(str(step) for step in mistake["loc"][1:]) or "body", "message": mistake["msg"]}
        for mistake in error.errors()
    ]
    detail = "Mend the request: " + "; ".join(f"{each['field']}: {each['message']}" for each in mistakes) + "."
    problem = refusal("VALIDATION_FAILED", detail, field=mistakes[0]["field"], errors=mistakes)
    return document(request, problem)


async def _on_coordinator_error(request: Request, error: CoordinatorError) -> Response:
    problem = problem_of(error)
    if problem.status_code >= 500:
        _log.warning("coordinator failed", reason=error.reason, message=error.message)
    return document(request, problem)


async def _on_disconnect(_request: Request, _error: ClientDisconnect) -> Response:
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


def problem_of(error: CoordinatorError) -> Problem:
    """Translates a coordinator's refusal, or its silence."""
    status = COORDINATOR_STATUS.get(error.reason, 502)
    if status == 502:
        detail = "This gateway and its coordinator do not understand each other. Tell whoever runs them."
        return refusal("COORDINATOR_REFUSED", detail)
    if error.reason in _SILENCES:
        return Problem(status, error.reason, _SILENT, retry_after_seconds=error.retry_after)
    field = error.metadata.get("field", "").rpartition(".")[2]
    name = _FIELD_NAMES.get(field, field)
    members = _members(error.metadata) | ({"field": name} if name else {})
    detail = error.message.replace(field, name) if field else error.message
    return Problem(status, error.reason, detail, retry_after_seconds=error.retry_after, **members)


def _members(metadata: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: int(value) if value.isdecimal() else value
        for name, value in metadata.items()
        if name in {"limit", "value", "incident", "state"}
    }
