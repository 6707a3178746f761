"""Scratch coordinators, each with a database of its own that is made in an instant: for the tests of other programs.

`python -m stack.scratch` runs an embedded PostgreSQL and answers lines of standard input until that ends, or its parent
does. A line is a JSON object, and so is the answer to it; {"error": why} where what is asked cannot be.

{"do": "open", "settings": {…}} → {"id": …, "grpc": "127.0.0.1:…", "database": owner's URL}
{"do": "push", "id": …, "seconds": …} → {}
{"do": "close", "id": …} → {}
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from stack.errors import StackError
from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import connect_admin, ensure_database, with_database
from stack.process import launch_command
from stack.schema import prepare_schema
from stack.services import surroundings

_TEMPLATE = "sluice_scratch"

# Nothing of it outlives the process, so a crash of the machine may lose it all.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "log_error_verbosity": "terse"}
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_LEAST_MEMORY_BYTES = 1024**3

# Everything that waits does so for a moment: tests are many.
_QUICK = {"grpc_port": 0, "drain_seconds": 0.2, "poll_seconds": 0.2, "deadline_check_seconds": 0.2}

# The template's clock runs as the database's own, ahead of it by what was pushed.
_CLOCK = (
    "CREATE TABLE sluice.scratch_clock (pushed interval NOT NULL)",
    "INSERT INTO sluice.scratch_clock VALUES (interval '0')",
    "GRANT SELECT ON sluice.scratch_clock TO sluice_coordinator",
    "CREATE OR REPLACE FUNCTION sluice.now() RETURNS timestamptz LANGUAGE sql STABLE "
    "AS 'SELECT pg_catalog.now() + pushed FROM sluice.scratch_clock'",
)
# Workers ping while time passes: their sessions go along with it. History has the days that come.
_PUSH = (
    "UPDATE sluice.scratch_clock SET pushed = pushed + %(seconds)s * interval '1 second'",
    "UPDATE sluice.worker_sessions SET expires_at = expires_at + %(seconds)s * interval '1 second' WHERE open",
    "SELECT sluice.create_history_partition((sluice.now() AT TIME ZONE 'UTC')::date + day) "
    "FROM generate_series(-1, 7) AS day",
)


@dataclass(frozen=True, slots=True)
class _Scratch:
    database: str
    port: int


class Scratches:
    """Opens and closes coordinators over clones of one template."""

    def __init__(self, owner_url: str, host: subprocess.Popen[str]) -> None:
        """Takes the server's superuser and the process that has the coordinators."""
        self._owner_url = owner_url
        self._host = host
        self._login = prepare_schema(ensure_database(owner_url, _TEMPLATE))
        self._numbers = itertools.count(1)
        self._open: dict[int, _Scratch] = {}
        with psycopg.connect(with_database(owner_url, _TEMPLATE)) as connection:
            for statement in _CLOCK:
                connection.execute(statement.encode())

    def answer(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Does what a line asks for. Raises StackError where that cannot be."""
        match wish["do"]:
            case "open":
                return self._begin(wish["settings"])
            case "push":
                self._push(self._open[wish["id"]].database, wish["seconds"])
            case "close":
                self._end(self._open.pop(wish["id"]))
        return {}

    def _begin(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        name = f"{_TEMPLATE}_{number}"
        clone = sql.SQL("CREATE DATABASE {} TEMPLATE {}{}")
        with connect_admin(self._owner_url) as connection:
            # Before version 15 this was the only way.
            strategy = " STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
            connection.execute(clone.format(sql.Identifier(name), sql.Identifier(_TEMPLATE), sql.SQL(strategy)))
        try:
            answer = self._ask(start={**_QUICK, **settings, "DATABASE_URL": with_database(self._login, name)})
        except StackError:
            self._drop(name)
            raise
        self._open[number] = _Scratch(name, answer["port"])
        database = with_database(self._owner_url, name)
        return {"id": number, "grpc": f"127.0.0.1:{answer['port']}", "database": database}

    def _end(self, scratch: _Scratch) -> None:
        self._ask(stop=scratch.port)
        self._drop(scratch.database)

    def _drop(self, database: str) -> None:
        with connect_admin(self._owner_url) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def _push(self, database: str, seconds: float) -> None:
        with psycopg.connect(with_database(self._owner_url, database)) as connection:
            for statement in _PUSH:
                connection.execute(statement.encode(), {"seconds": seconds})

    def _ask(self, **wish: object) -> dict[str, Any]:
        if self._host.stdin is None or self._host.stdout is None:
            raise StackError("The coordinators' process has no pipes.")
        self._host.stdin.write(json.dumps(wish) + "\n")
        self._host.stdin.flush()
        line = self._host.stdout.readline()
        answer: dict[str, Any] = json.loads(line or '{"error": "The coordinators\' process ended."}')
        if "error" in answer:
            raise StackError(answer["error"])
        return answer


def main() -> None:
    """Answers until standard input ends, then leaves nothing behind."""
    with _folder() as folder:
        server = EmbeddedPostgres(folder / "postgres", settings=_SETTINGS)
        try:
            url = server.start()
            with _host() as host:
                _answer_lines(Scratches(url, host))
        finally:
            server.stop()


def _answer_lines(scratches: Scratches) -> None:
    _say({"ready": True})
    for line in sys.stdin:
        try:
            answer = scratches.answer(json.loads(line))
        except (StackError, psycopg.Error) as error:
            answer = {"error": str(error)}
        _say(answer)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder in memory where there is room: a database is 300 files."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _LEAST_MEMORY_BYTES
    with tempfile.TemporaryDirectory(prefix="sluice-scratch-", dir=_MEMORY if roomy else None) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _host() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        launch_command("coordinator", "host"),
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        try:
            yield host
        finally:
            if host.stdin is not None:
                host.stdin.close()
            try:
                host.wait(5)
            except subprocess.TimeoutExpired:
                host.kill()


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
