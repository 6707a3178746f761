"""Short ways of calling AdminService, and of looking at what it did."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
import psycopg
from google.protobuf.timestamp_pb2 import Timestamp
from psycopg.rows import dict_row

from protos.jobs.v1 import admin_service_pb2 as admin
from protos.jobs.v1 import admin_service_pb2_grpc


def operator(channel: grpc.aio.Channel) -> "admin_service_pb2_grpc.AdminServiceAsyncStub":
    """Returns AdminService over a channel."""
    return admin_service_pb2_grpc.AdminServiceStub(channel)


async def stats_of(channel: grpc.aio.Channel, queue: str = "default") -> admin.QueueStats:
    """Returns how one queue stands."""
    response = await operator(channel).GetQueueStats(admin.GetQueueStatsRequest(queue=queue))
    (stats,) = response.queues
    return stats


async def counts_of(channel: grpc.aio.Channel, queue: str = "default") -> tuple[int, int, int, int]:
    """Returns how many jobs of a queue are (pending, scheduled, processing, failed), as the counts say."""
    stats = await stats_of(channel, queue)
    return stats.pending, stats.scheduled, stats.processing, stats.failed


def true_counts(url: str, queue: str = "default") -> tuple[int, ...]:
    """Returns the same by counting the jobs."""
    states = ("pending", "scheduled", "processing", "failed")
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT state FROM sluice.jobs WHERE queue = %(queue)s "
            "UNION ALL SELECT state FROM sluice.job_history WHERE queue = %(queue)s",
            {"queue": queue},
        ).fetchall()
    return tuple(sum(row[0] == state for row in rows) for state in states)


def audited(url: str) -> list[dict[str, Any]]:
    """Returns the audit log, oldest first, its details read."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute("SELECT principal, peer, act, details FROM sluice.audit_log ORDER BY id").fetchall()


def run_sql(url: str, statement: str, *values: object) -> None:
    """Does something to the database that no call does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def ago(**span: float) -> Timestamp:
    """Returns a moment so long ago."""
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) - timedelta(**span))
    return moment


def details(entry: admin.AuditEntry) -> dict[str, Any]:
    """Reads what an entry of the audit log tells."""
    read: dict[str, Any] = json.loads(entry.details)
    return read
