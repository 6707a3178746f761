"""Who gets to what is for operators: those whose token says so. For everybody else there is nothing at the address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinator_client.errors import PermissionDenied, Unauthenticated
from coordinator_client.operator import Operator
from gateway.auth import SCHEME, InvalidTokenError, Person, TokenVerifier
from gateway.connection import Coordinator
from gateway.problems import document, refusal

ADMIN_PATH = "/api/admin"

_BEARER = "bearer "
_NOT_CONFIGURED = (
    "This gateway may not act for operators: give it a token of the role operator in SLUICE_OPERATOR_TOKEN, "
    "and name that token in the coordinator's SLUICE_SERVICE_TOKENS."
)

_log = structlog.get_logger("gateway.admin")


class AdminGate:
    """Answers like an address with nothing behind it, unless an operator asks.

    It stands before everything that reads a request: a method that is not taken, or a body that cannot be read, would
    tell others that there is something.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets operators through, and whatever is not theirs."""
        if scope["type"] == "http" and _is_admin_path(scope["path"]):
            person = _operator(scope)
            if person is None:
                answer = document(Request(scope), refusal("NOT_FOUND", "There is nothing at this address."))
                await answer(scope, receive, send)
                return
            scope.setdefault("state", {})["operator"] = person
        await self._app(scope, receive, send)


def _is_admin_path(path: str) -> bool:
    return path == ADMIN_PATH or path.startswith(f"{ADMIN_PATH}/")


def _operator(scope: Scope) -> Person | None:
    shown = Headers(scope=scope).getlist("authorization")
    if len(shown) != 1 or not shown[0].lower().startswith(_BEARER):
        return None
    verifier: TokenVerifier = scope["app"].state.verifier
    try:
        person = verifier.verify(shown[0][len(_BEARER) :].strip())
    except InvalidTokenError:
        return None
    return person if person.is_operator else None


async def _acting(
    request: Request,
    coordinator: Coordinator,
    # Looked at before; it stands here for the OpenAPI document.
    _token: Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)],
) -> AsyncIterator[Operator]:
    person: Person = request.state.operator
    try:
        yield coordinator.operator(person.id)
    except (PermissionDenied, Unauthenticated) as error:
        _log.warning("the coordinator takes no operator's calls from here", reason=error.reason)
        raise refusal("OPERATOR_TOKEN_NEEDED", _NOT_CONFIGURED) from error


# What is done in the name of whoever asks.
ActingOperator = Annotated[Operator, Depends(_acting)]
