"""Signing in without an account, for the local stack alone: elsewhere these routes do not exist."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import APIRouter, Body, Request

from gateway.idempotency import IdempotencyKey
from gateway.openapi import problems
from gateway.settings import Settings
from gateway.upload_views import View

DEMO_USER = UUID("de300000-0000-4000-8000-000000000001")
DEMO_OPERATOR = UUID("de300000-0000-4000-8000-000000000002")

_LIFETIME_SECONDS = 12 * 3600

router = APIRouter(prefix="/api/session", tags=["session"])


class DemoSignIn(View):
    """Whom to sign in; the demo user or, where an operator is wanted, the demo operator unless said otherwise."""

    user: UUID | None = None
    operator: bool = False


class SessionView(View):
    """A token and how long it is good for, in seconds."""

    access_token: str
    expires_in: int
    user_id: UUID


@router.post("/demo", responses=problems(422))
async def sign_in_demo(
    request: Request, _key: IdempotencyKey, wish: Annotated[DemoSignIn | None, Body()] = None
) -> SessionView:
    """Signs in whomever one likes. A repeat gives another token for the same person."""
    settings: Settings = request.app.state.settings
    wish = wish or DemoSignIn()
    user = wish.user or (DEMO_OPERATOR if wish.operator else DEMO_USER)
    return SessionView(
        access_token=_token(settings, user, operator=wish.operator), expires_in=_LIFETIME_SECONDS, user_id=user
    )


def _token(settings: Settings, user: UUID, *, operator: bool) -> str:
    now = int(time.time())
    claims = {
        "sub": str(user),
        "aud": "authenticated",
        "role": "authenticated",
        "iat": now,
        "exp": now + _LIFETIME_SECONDS,
    }
    claims |= {"iss": settings.issuer} if settings.issuer else {}
    claims |= {"app_metadata": {"sluice_role": "operator"}} if operator else {}
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
