"""That a run on another PostgreSQL, or behind a pooler, is one: otherwise a matrix proves nothing."""

import os
import subprocess
from pathlib import Path

import psycopg

from stack.postgres_admin import connect_admin
from stack.postgres_files import folder_of_wheel
from tests.database.stores import Store
from tests.matrix import pooler

# More than a connection takes before it has a statement prepared.
_OFTEN = 10


def test_the_server_is_of_the_version_that_was_asked_for(postgres: str) -> None:
    programs = Path(os.environ.get("SLUICE_PG_BIN") or folder_of_wheel() or "")
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    with connect_admin(postgres) as connection:
        assert f" {connection.info.parameter_status('server_version')}" in said


def test_two_sessions_of_the_coordinator_share_a_server_process_behind_a_pooler_alone(database_url: str) -> None:
    with connect_admin(database_url) as one, connect_admin(database_url) as other:
        assert (_server_process(one) == _server_process(other)) is pooler.is_wanted()


async def test_each_session_may_repeat_a_statement_whatever_another_left_on_the_server(store: Store) -> None:
    async with store.database.connection() as one, store.database.connection() as other:
        for connection in (one, other):
            for number in range(_OFTEN):
                cursor = await connection.execute("SELECT %s::integer AS number", [number])
                assert await cursor.fetchone() == {"number": number}


def _server_process(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
