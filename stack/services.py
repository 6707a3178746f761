"""The table of our processes: how each is started, what it is told, when it is ready, how long it may take to stop."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.ports import HOST, ReservedPort

DEVELOPMENT_SECRET = "sluice-local-development-secret-not-for-production"  # noqa: S105 - known to everyone, on purpose

# What any program may need to know of its surroundings. Everything else is told explicitly or not at all.
_SURROUNDINGS = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_SURROUNDINGS_PREFIXES = ("LC_", "PYTHON")

# A developer's own settings are passed on, but for those that the stack is responsible for.
_SETTINGS_PREFIX = "SLUICE_"
_OURS = frozenset(
    {
        "SLUICE_COORDINATOR_PASSWORD",
        "SLUICE_COORDINATOR_TARGET",
        "SLUICE_DEMO_SIGN_IN",
        "SLUICE_DRAIN_SECONDS",
        "SLUICE_GRPC_HOST",
        "SLUICE_GRPC_PORT",
        "SLUICE_HTTP_HOST",
        "SLUICE_HTTP_PORT",
        "SLUICE_OPERATOR_TOKEN",
        "SLUICE_PUBLISHED_ON_LOOPBACK",
        "SLUICE_SERVICE_TOKEN",
        "SLUICE_SERVICE_TOKENS",
        "SLUICE_WORKER_GRACE_SECONDS",
        "SLUICE_WORKER_NAME",
    }
)


# Who asks is stopped before whom it asks. With the database behind them, all of it fits into ten seconds.
STOP_ORDER = ("gateway", "ingest_worker", "coordinator")


@dataclass(frozen=True, slots=True)
class Service:
    """One process: its name, which its log has too, its module with arguments, and its whole environment.

    It is ready once a line of its log begins with `ready_line`, where it has one. At SIGTERM it ends within
    `stop_seconds`, or is killed.
    """

    name: str
    module: str
    environment: Mapping[str, str]
    stop_seconds: float
    arguments: tuple[str, ...] = ()
    ready_line: str | None = None


def coordinator_service(number: int, port: ReservedPort, database_url: str) -> Service:
    """Describes a coordinator; it alone is told the database."""
    return Service(
        name=f"coordinator-{number}",
        module="coordinator",
        arguments=("serve",),
        environment=surroundings()
        | {
            "DATABASE_URL": database_url,
            "SLUICE_GRPC_HOST": HOST,
            "SLUICE_GRPC_PORT": str(port.number),
            "SLUICE_DRAIN_SECONDS": "1",
        },
        stop_seconds=2.0,
        ready_line="listening port=",
    )


def gateway_service(port: ReservedPort, coordinators: Sequence[ReservedPort]) -> Service:
    """Describes the gateway, with the demo's sign-in where tokens are signed with the development secret."""
    secret = os.environ.get("SUPABASE_JWT_SECRET") or DEVELOPMENT_SECRET
    supabase_url = {name: os.environ[name] for name in ("NEXT_PUBLIC_SUPABASE_URL",) if name in os.environ}
    return Service(
        name="gateway",
        module="gateway",
        environment=surroundings()
        | supabase_url
        | {
            "SLUICE_HTTP_HOST": HOST,
            "SLUICE_HTTP_PORT": str(port.number),
            "SLUICE_COORDINATOR_TARGET": _target(coordinators),
            "SUPABASE_JWT_SECRET": secret,
            "SLUICE_DEMO_SIGN_IN": "1" if secret == DEVELOPMENT_SECRET else "0",
            "SLUICE_DRAIN_SECONDS": "1",
        },
        stop_seconds=1.5,
        ready_line="gateway ready http=",
    )


def worker_service(number: int, coordinators: Sequence[ReservedPort]) -> Service:
    """Describes a worker. Its own name in the database ends with its process id."""
    return Service(
        name=f"worker-{number}",
        module="ingest_worker",
        environment=surroundings()
        | {"SLUICE_COORDINATOR_TARGET": _target(coordinators), "SLUICE_WORKER_GRACE_SECONDS": "1"},
        stop_seconds=3.0,
    )


def surroundings() -> dict[str, str]:
    """Gives what every process may know of this one's environment."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _SURROUNDINGS
        or name.startswith(_SURROUNDINGS_PREFIXES)
        or (name.startswith(_SETTINGS_PREFIX) and name not in _OURS)
    }


def _target(coordinators: Sequence[ReservedPort]) -> str:
    return ",".join(port.address for port in coordinators)
