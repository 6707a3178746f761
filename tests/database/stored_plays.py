"""What is stored, read by the superuser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from tests.database.leased_jobs import HeldFile


def connect(url: str) -> Connection[TupleRow]:
    """Connects with each statement in a transaction of its own."""
    return psycopg.connect(url, autocommit=True)


def count_plays(connection: Connection[TupleRow], user_id: UUID) -> int:
    """Counts a person's plays."""
    row = connection.execute("SELECT count(*) FROM listens WHERE user_id = %s", [user_id]).fetchone()
    assert row
    return int(row[0])


def plays_of(connection: Connection[TupleRow], user_id: UUID) -> list[tuple[str, int, str]]:
    """Gives a person's plays as (track, milliseconds, source), sorted."""
    rows = connection.execute(
        "SELECT track_name, ms_played, source FROM listens WHERE user_id = %s ORDER BY 1, 2, 3", [user_id]
    ).fetchall()
    return [(str(track), int(ms_played), str(source)) for track, ms_played, source in rows]


def file_row(connection: Connection[TupleRow], held: HeldFile) -> dict[str, Any]:
    """Gives what is recorded of a file."""
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(
        """
        SELECT status, format, total_records, inserted_records, duplicate_records, rejected_records,
            superseded_records, rejections, retryable, finished_at IS NOT NULL AS finished, attempts
        FROM upload_files WHERE id = %s
        """,
        [held.file_id],
    ).fetchone()
    assert row
    return row


def count_chunks(connection: Connection[TupleRow], held: HeldFile) -> int:
    """Counts what is left of a file's content."""
    row = connection.execute("SELECT count(*) FROM upload_file_chunks WHERE file_id = %s", [held.file_id]).fetchone()
    assert row
    return int(row[0])


def job_row(connection: Connection[TupleRow], held: HeldFile) -> dict[str, Any]:
    """Gives where a file's job stands, live or in history."""
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(
        """
        SELECT state, attempt, lease_token FROM sluice.jobs WHERE id = %(id)s
        UNION ALL
        SELECT state, attempt, NULL FROM sluice.job_history WHERE id = %(id)s
        """,
        {"id": held.lease.job_id},
    ).fetchone()
    assert row
    return row
