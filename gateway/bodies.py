"""Request bodies: never more than a route takes, whether a client says how much it sends or not."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Problem, document, refusal

# For routes that take a little JSON or nothing.
SMALL_BODY_BYTES = 64 * 1024

# What a form has beside its files: a little for each part.
FORM_BYTES = 1024 * 1024


class BodyGate:
    """Refuses a body that is announced, or turns out, to be larger than its route's limit.

    The server under it goes on reading what a refused client still sends, so that the client sees the answer.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        """Takes the routes with limits of their own, in bytes: exact paths, or all below one that ends in a slash."""
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through whose body is counted while the inner application reads it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = _length(Headers(scope=scope).get("content-length", ""))
        if announced > limit:
            answer = document(Request(scope), too_large(limit, announced))
            await answer(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, limit), send)

    def _limit(self, path: str) -> int:
        folder = path[: path.rfind("/") + 1]
        return self._limits.get(path) or self._limits.get(folder) or SMALL_BODY_BYTES


def _length(header: str) -> int:
    return int(header[:20]) if header.isdecimal() else 0  # int() itself gives up at some thousand digits


def _counted(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise too_large(limit, received)
        return message

    return counted


def too_large(limit: int, value: int) -> Problem:
    """Makes the answer for a body of `value` bytes, or more, where `limit` are taken."""
    detail = f"The request has {value} bytes or more; at most {limit} are taken here. Send less at once."
    return refusal("PAYLOAD_TOO_LARGE", detail, field="body", limit=limit, value=value)
