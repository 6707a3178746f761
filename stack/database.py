"""The stack's database: a PostgreSQL of our own, or the one that was named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import ensure_database

_NAME = "sluice"

# A coordinator has ten connections for calls, four for itself and one to listen; the rest is for people and us.
_CONNECTIONS = 60
_CONNECTIONS_A_COORDINATOR = 16


class Database(Protocol):
    """A database and, where it is ours, its server."""

    def start(self) -> str:
        """Has it run, and returns its URL for a role that owns it and may read everything in it."""

    def check(self) -> None:
        """Sees to it that it still runs."""

    def stop(self, seconds: float) -> None:
        """Leaves it as it was found; it may take so long about it."""


class NamedDatabase:
    """A database that somebody else runs."""

    def __init__(self, url: str) -> None:
        """Takes its owner's URL."""
        self._url = url

    def start(self) -> str:
        """Returns the URL."""
        return self._url

    def check(self) -> None:
        """Does nothing: it is not ours."""

    def stop(self, seconds: float) -> None:
        """Does nothing: it is not ours."""


class EmbeddedDatabase:
    """A database of our own in a PostgreSQL of our own, which keeps its data from run to run."""

    def __init__(self, root: Path, coordinators: int, say: Callable[[str], None]) -> None:
        """Takes the server's folder, for how many coordinators it is, and whom to tell when it had to be restarted."""
        self._root = root
        self._say = say
        self._settings: Mapping[str, str] = {
            # What a person played must not come into the log with the statement that failed over it.
            "log_error_verbosity": "terse",
            "max_connections": str(_CONNECTIONS + _CONNECTIONS_A_COORDINATOR * coordinators),
        }
        self._server = EmbeddedPostgres(root, settings=self._settings)
        self._port: int | None = None

    def start(self) -> str:
        """Starts the server, makes the database where it is missing, and returns its URL for the superuser.

        Raises:
            PostgresError: another stack has the folder, or PostgreSQL refuses.
        """
        url = self._server.start()
        self._port = urlsplit(url).port
        return ensure_database(url, _NAME)

    def check(self) -> None:
        """Starts the server again where it has ended, at the same address. Raises PostgresError where it refuses."""
        if self._port is not None and self._server.pid is None:
            self._say("PostgreSQL ended: it is started again.")
            self._server.stop()
            self._server = EmbeddedPostgres(self._root, port=self._port, settings=self._settings)
            self._server.start()

    def stop(self, seconds: float) -> None:
        """Stops the server, after so many seconds without ceremony; its data is safe either way."""
        self._server.stop(seconds)
