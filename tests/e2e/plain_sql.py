"""What the tests ask the database in plain SQL."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import sql

Connection = psycopg.Connection[dict[str, Any]]

_TABLES = """
SELECT schemaname, tablename FROM pg_catalog.pg_tables
WHERE schemaname IN ('public', 'sluice') AND tablename NOT IN ('worker_sessions', 'queue_clocks')
ORDER BY 1, 2
"""

_ALL_TABLES = """
SELECT schemaname, tablename FROM pg_catalog.pg_tables
WHERE schemaname IN ('public', 'sluice') ORDER BY schemaname, tablename
"""


def rows(connection: Connection, query: LiteralString, *parameters: object) -> list[dict[str, Any]]:
    """Runs a query and returns its rows by column."""
    return connection.execute(query, parameters).fetchall()


def stored_plays(connection: Connection, person_id: str) -> tuple[int, int]:
    """Counts a person's plays and adds up their milliseconds."""
    query = "SELECT count(*) AS plays, coalesce(sum(ms_played), 0) AS ms FROM listens WHERE user_id = %s"
    [found] = rows(connection, query, person_id)
    return int(found["plays"]), int(found["ms"])


def row_counts(connection: Connection) -> dict[str, int]:
    """Counts the rows of every table that people's input can reach, by the table's name."""
    counts = {}
    for table in connection.execute(_TABLES).fetchall():
        name = sql.Identifier(table["schemaname"], table["tablename"])
        [counted] = connection.execute(sql.SQL("SELECT count(*) AS number FROM {}").format(name)).fetchall()
        counts[table["tablename"]] = int(counted["number"])
    return counts


def holder_of(connection: Connection, file_id: str) -> int | None:
    """Returns the process id of the worker that works on a file now."""
    query = """
        SELECT s.worker FROM sluice.jobs AS j JOIN sluice.worker_sessions AS s ON s.id = j.session_id
        WHERE j.file_id = %s AND j.state = 'processing'
    """
    return next((int(found["worker"].rpartition("-")[2]) for found in rows(connection, query, file_id)), None)


def texts_with(connection: Connection, *words: str) -> list[str]:
    """Gives the tables of which a row says one of the words, anywhere."""
    found = []
    for table in connection.execute(_ALL_TABLES).fetchall():
        name = sql.Identifier(table["schemaname"], table["tablename"])
        statement = sql.SQL("SELECT FROM {} AS t WHERE t::text LIKE ANY (%s) LIMIT 1").format(name)
        if connection.execute(statement, [[f"%{word}%" for word in words]]).rowcount:
            found.append(f"{table['schemaname']}.{table['tablename']}")
    return found
