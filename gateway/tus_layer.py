"""What every request of the tus protocol has in common: its version, in and out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Problem, document, refusal

TUS_PATH = "/api/uploads/tus"
TUS_VERSION = "1.0.0"

# Where PATCH and DELETE do not get through, they come as a POST that names them.
_OVERRIDES = frozenset({"PATCH", "DELETE"})


class TusLayer:
    """Refuses versions of the protocol that are not spoken here, and names ours on every answer, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through whose version fits, and all that are none of the protocol's."""
        if scope["type"] != "http" or not is_tus_path(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope = {**scope, "method": _method(scope["method"], headers)}
        if scope["method"] != "OPTIONS" and headers.get("tus-resumable") != TUS_VERSION:
            await document(Request(scope), _other_version())(scope, receive, _named(send))
        else:
            await self._app(scope, receive, _named(send))


def is_tus_path(path: str) -> bool:
    """Whether a path belongs to the protocol."""
    return path == TUS_PATH or path.startswith(f"{TUS_PATH}/")


def _method(method: str, headers: Mapping[str, str]) -> str:
    override = headers.get("x-http-method-override", "").upper()
    return override if method == "POST" and override in _OVERRIDES else method


def _other_version() -> Problem:
    detail = f"This speaks tus {TUS_VERSION}: name it in the header Tus-Resumable."
    return refusal("TUS_VERSION_UNSUPPORTED", detail, field="Tus-Resumable", headers={"Tus-Version": TUS_VERSION})


def _named(send: Send) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Tus-Resumable"] = TUS_VERSION
        await send(message)

    return named
