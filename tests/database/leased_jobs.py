"""An upload of one file whose job a worker holds, put there by SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.domain import Lease
from coordinator.ids import new_id, new_token


@dataclass(frozen=True, slots=True)
class HeldFile:
    """The lease that a worker has, and what its job is about."""

    lease: Lease
    file_id: UUID
    upload_id: UUID
    user_id: UUID


def hold_file(connection: Connection[TupleRow], user_id: UUID | None = None, *, archive: bool = False) -> HeldFile:
    """Stores an upload of one person with one file, its content, and its job in an open session."""
    user_id = user_id or uuid4()
    held = HeldFile(Lease(new_id(), new_token()), new_id(), new_id(), user_id)
    names = {
        "job": held.lease.job_id,
        "token": held.lease.token,
        "file": held.file_id,
        "upload": held.upload_id,
        "user": user_id,
        "archive": archive,
    }
    with connection.transaction():
        for statement in _STATEMENTS:
            connection.execute(statement, names)
    return held


def take_away(connection: Connection[TupleRow], held: HeldFile) -> None:
    """Takes the job back, as the reaper does: it waits for another worker."""
    connection.execute(
        """
        UPDATE sluice.jobs
        SET state = 'pending', ended_token = lease_token, ended_verb = 'reap', lease_token = NULL, session_id = NULL
        WHERE id = %s
        """,
        [held.lease.job_id],
    )


def hold_again(connection: Connection[TupleRow], held: HeldFile) -> HeldFile:
    """Gives the job to another worker, under a new token."""
    lease = Lease(held.lease.job_id, new_token())
    connection.execute(
        "UPDATE sluice.jobs SET state = 'processing', attempt = attempt + 1, lease_token = %s WHERE id = %s",
        [lease.token, lease.job_id],
    )
    return replace(held, lease=lease)


_STATEMENTS = (
    """
    INSERT INTO upload_jobs (id, user_id, filename, enqueued_at) VALUES (%(upload)s, %(user)s, 'history.zip', now())
    """,
    """
    INSERT INTO upload_files (id, upload_id, user_id, archive, file_index, filename, size, status, attempts, job_id)
    VALUES (%(file)s, %(upload)s, %(user)s, %(archive)s, 0, 'endsong_0.json', 7, 'processing', 1, %(job)s)
    """,
    """
    INSERT INTO upload_file_chunks (file_id, chunk_offset, size, content) VALUES (%(file)s, 0, 7, 'content')
    """,
    """
    WITH session AS (
        INSERT INTO sluice.worker_sessions (worker, coordinator, queues, kinds, expires_at)
        VALUES ('worker', gen_random_uuid(), '{ingest}', '{ingest}', now() + interval '1 hour')
        RETURNING id
    )
    INSERT INTO sluice.jobs (
        id, queue, kind, state, priority, position, owner, file_id, payload, size, attempt, max_attempts,
        deadline_ms, backoff_base_ms, backoff_factor, backoff_ceiling_ms, lease_token, session_id, started_at
    )
    SELECT
        %(job)s, 'ingest', 'ingest', 'processing', 0, 0, %(user)s::uuid::text, %(file)s, '', 7, 1, 4,
        600000, 2000, 2, 300000, %(token)s, session.id, now()
    FROM session
    """,
)
