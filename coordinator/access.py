"""Who may call what: services show a token that has a role, and each rpc names the roles that may call it."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import Any

import grpc.aio

from coordinator.errors import InvalidRequest, PermissionDenied, Unauthenticated


class Role(StrEnum):
    """What a service is trusted with."""

    PRODUCER = "producer"
    WORKER = "worker"
    OPERATOR = "operator"


_PRODUCERS = frozenset({Role.PRODUCER, Role.OPERATOR})
_WORKERS = frozenset({Role.WORKER})
_OPERATORS = frozenset({Role.OPERATOR})

# By service, and by method where one differs from its service.
_ROLES: dict[str, frozenset[Role]] = {
    "/jobs.v1.JobService/": _PRODUCERS,
    "/jobs.v1.WorkerService/": _WORKERS,
    "/jobs.v1.AdminService/": _OPERATORS,
    "/uploads.v1.UploadService/": _PRODUCERS,
    "/uploads.v1.UploadService/AddFiles": _WORKERS,
    "/listens.v1.ListenService/": _PRODUCERS,
    "/listens.v1.ListenService/CommitListens": _WORKERS,
}
# The key of a call's metadata by which a gateway names the person for whom it acts.
ON_BEHALF_OF = "x-sluice-on-behalf-of"

_OPEN_TO_ALL = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")


class Access:
    """The tokens that are known, as hashes. Without any (on loopback alone) every caller has every role."""

    def __init__(self, tokens: str) -> None:
        """Reads "role:token" pairs separated by blanks. Raises ValueError for a pair that is none."""
        self._roles: dict[bytes, Role] = {}
        for pair in tokens.split():
            role, _, token = pair.partition(":")
            if len(token) < 16:
                raise ValueError("SLUICE_SERVICE_TOKENS: each is role:token, the token with at least 16 characters")
            self._roles[_hash(token)] = Role(role)

    @property
    def open(self) -> bool:
        """Whether calls need no token."""
        return not self._roles

    def check(self, method: str, authorization: str) -> None:
        """Lets a call pass, or raises Unauthenticated or PermissionDenied."""
        if self.open or is_open_to_all(method):
            return
        role = self._role(authorization)
        if role is None:
            raise Unauthenticated("This coordinator asks for a service token: send it as authorization: Bearer …")
        if role not in roles_of(method):
            raise PermissionDenied(f"The role {role} may not call {method}.", role=role, method=method)

    def principal(self, authorization: str) -> str:
        """Returns who calls, for the audit log: the role and the beginning of the token's hash, or "local"."""
        role = self._role(authorization)
        if role is None:
            return "local"
        return f"{role}/{_hash(authorization.partition(' ')[2]).hex()[:12]}"

    def _role(self, authorization: str) -> Role | None:
        scheme, _, token = authorization.partition(" ")
        shown = _hash(token) if scheme.lower() == "bearer" else b""
        return next((role for known, role in self._roles.items() if hmac.compare_digest(known, shown)), None)


def on_behalf_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Returns for whom a gateway says it makes the call, empty where it names nobody. Raises InvalidRequest."""
    for key, value in context.invocation_metadata() or ():
        if key == ON_BEHALF_OF:
            person = str(value)
            if not 1 <= len(person) <= 200 or not person.isprintable():
                raise InvalidRequest(
                    f"{ON_BEHALF_OF} has 1 to 200 printable characters.", field=ON_BEHALF_OF, limit=200
                )
            return person
    return ""


def authorization(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Returns what a call shows of its right to be made, empty where it shows nothing."""
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return str(value)
    return ""


def is_open_to_all(method: str) -> bool:
    """Returns whether a method is none of the contract's but of health checks or reflection."""
    return method.startswith(_OPEN_TO_ALL)


def roles_of(method: str) -> frozenset[Role]:
    """Returns the roles that may call a method, given by its full name; none for a method that is unknown."""
    service = method[: method.rfind("/") + 1]
    return _ROLES.get(method) or _ROLES.get(service) or frozenset()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
