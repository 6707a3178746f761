"""The outermost layer: a request id, security headers on every answer, a log line a request, no trace shown."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from urllib.parse import quote
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Problem, document

# Nothing inline and nothing from elsewhere: a track's name that slips through an escape still runs nowhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

HEALTH_PATHS = frozenset({"/healthz", "/readyz"})

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = structlog.get_logger("gateway.http")


class BrokenOff(Exception):
    """What was begun cannot be finished: the connection ends, lest somebody take it for whole. Logged before."""


class OuterLayer:
    """Wraps the whole application; pure ASGI, so that streams pass through it piece by piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, and answers it when nobody else could."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await _Answer(self._app, scope, receive, send, request_id).give()


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


class _Answer:
    """One request on its way through."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send_on = send
        self._request_id = request_id
        self._status: int | None = None

    async def give(self) -> None:
        started = time.monotonic()
        try:
            await self._app(self._scope, self._receive, self._send)
        except BrokenOff:
            raise
        except Exception as error:  # noqa: BLE001 - the last one who can answer
            await self._answer_for(error)
        finally:
            # Machines ask for health every few seconds, which would bury what people do.
            say = _log.debug if self._scope["path"] in HEALTH_PATHS else _log.info
            say(
                "request",
                method=self._scope["method"],
                path=quote(self._scope["path"]),
                status=self._status,
                ms=round((time.monotonic() - started) * 1000),
            )

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send_on(message)

    async def _answer_for(self, error: Exception) -> None:
        incident = uuid4().hex
        _log.exception("request failed", incident=incident, exc_info=error)
        if (
            self._status is not None
        ):  # too late for another answer: the connection ends, so that nobody takes it for whole
            raise error
        await document(Request(self._scope), incident_problem(incident))(self._scope, self._receive, self._send)


def incident_problem(incident: str) -> Problem:
    """Makes the answer for what nobody foresaw: a fixed sentence, and the id that the log has too."""
    detail = "Something went wrong on our side. Try again; if it stays, report the incident id."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL", detail, incident=incident)
