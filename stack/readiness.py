"""Whether the whole way works: workers are listening to coordinators, and the gateway reaches one."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import LiteralString

from stack.ports import HOST, ReservedPort
from stack.postgres_admin import connect_admin

_SESSIONS = "SELECT count(*) FROM sluice.worker_sessions WHERE open AND id > %s"
_LAST_SESSION = "SELECT coalesce(max(id), 0) FROM sluice.worker_sessions"


class WorkerSessions:
    """The sessions that workers have opened since this was made."""

    def __init__(self, owner_url: str) -> None:
        """Remembers the last session there was. Raises psycopg.Error where the database does not answer."""
        self._connection = connect_admin(owner_url)
        self._last = self._number(_LAST_SESSION)

    def count(self) -> int:
        """Counts those that are open."""
        return self._number(_SESSIONS, self._last)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _number(self, query: LiteralString, *parameters: int) -> int:
        row = self._connection.execute(query, parameters).fetchone()
        return int(row[0]) if row else 0


def gateway_is_ready(port: ReservedPort) -> bool:
    """Asks the gateway, which asks a coordinator, which asks the database."""
    with closing(HTTPConnection(HOST, port.number, timeout=2.0)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
