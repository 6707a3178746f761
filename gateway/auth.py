"""Who is calling: a Supabase-style JWT in `Authorization: Bearer`. Whatever is wrong with one is a 401."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.problems import Problem, refusal
from gateway.settings import Settings

# By configuration, never by the token: a key for HS256 must not be taken for another algorithm's.
_ALGORITHM = "HS256"
_AUDIENCE = "authenticated"
_ROLE = "authenticated"
# In app_metadata, which the project alone writes; user_metadata is the person's own to change.
_OPERATOR = "operator"

_LONGEST_TOKEN = 8192
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# The clock of whoever signs may run ahead of ours: "issued" and "not before" may be that much in the future.
_CLOCK_SKEW_SECONDS = 60

# The largest whole number that every JSON reader keeps: a time beyond it is nonsense.
_LATEST_TIME = 2**53

# What PyJWT raises for a token that it cannot read, with what escapes from the parsers below it.
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


class InvalidTokenError(Exception):
    """The token says nobody; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is calling; the id, a UUID in lower case, owns uploads and plays. An operator's token says so."""

    id: str
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Checks tokens against one secret and, where one is configured, one issuer."""

    secret: str
    issuer: str | None

    def verify(self, token: str) -> Person:
        """Returns the person whom a token names. Raises InvalidTokenError, whatever is wrong with it."""
        if len(token) > _LONGEST_TOKEN:
            raise InvalidTokenError("The token is too long to be one. Sign in again.")
        try:
            claims = self._read(token)
            _check_times(claims)
        except jwt.ExpiredSignatureError:
            raise InvalidTokenError("The token has expired. Sign in again.") from None
        except _UNREADABLE:
            raise InvalidTokenError("The token is not valid here. Sign in again.") from None
        return _person(claims)

    def _read(self, token: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            self.secret,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=self.issuer,
            options={
                "require": ["exp", "sub", "aud", "role", *(["iss"] if self.issuer else [])],
                "strict_aud": True,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )


def _check_times(claims: dict[str, Any]) -> None:
    """Refuses times that are none; PyJWT would take a text and a fraction of infinity for one."""
    for name in ("exp", "iat", "nbf"):
        moment = claims.get(name, 0)
        if isinstance(moment, bool) or not isinstance(moment, int | float) or not 0 <= moment <= _LATEST_TIME:
            raise ValueError(f"{name} is no time")
    if max(claims.get("iat", 0), claims.get("nbf", 0)) > time.time() + _CLOCK_SKEW_SECONDS:
        raise ValueError("the token is from the future")


def _person(claims: dict[str, Any]) -> Person:
    if claims["role"] != _ROLE:
        raise InvalidTokenError("The token is not one of a signed-in person. Sign in again.")
    if not _UUID.fullmatch(claims["sub"]):
        raise InvalidTokenError("The token does not name a person by a UUID. Sign in again.")
    app_metadata = claims.get("app_metadata")
    return Person(
        claims["sub"],
        is_operator=isinstance(app_metadata, dict) and app_metadata.get("sluice_role") == _OPERATOR,
    )


def verifier_of(settings: Settings) -> TokenVerifier:
    """Makes the verifier that the settings ask for."""
    return TokenVerifier(settings.jwt_secret.get_secret_value(), settings.issuer)


SCHEME = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A Supabase-style access token.")


def signed_in(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)]) -> Person:
    """Returns the person of the request's token. Raises a 401 problem where there is none."""
    if credentials is None or len(request.headers.getlist("authorization")) != 1:
        raise _unauthenticated("Sign in: this needs a token in the header Authorization, as Bearer.")
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return verifier.verify(credentials.credentials)
    except InvalidTokenError as error:
        raise _unauthenticated(str(error), 'Bearer error="invalid_token"') from None


def _unauthenticated(detail: str, challenge: str = "Bearer") -> Problem:
    return refusal("UNAUTHENTICATED", detail, headers={"WWW-Authenticate": challenge})


Caller = Annotated[Person, Depends(signed_in)]
