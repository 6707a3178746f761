"""Queues as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from coordinator_client.command_line.command import Session
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.shown import Times, plain, rate
from coordinator_client.command_line.tables import Cell, Column
from protos.jobs.v1 import admin_service_pb2 as messages

COLUMNS = (
    Column("QUEUE", elastic=True),
    Column("STATE", rank=2),
    Column("PENDING", right=True),
    Column("SCHEDULED", rank=6, right=True),
    Column("PROCESSING", rank=1, right=True),
    Column("FAILED", rank=3, right=True),
    Column("OLDEST", rank=4, right=True),
    Column("IN/S", rank=7, right=True),
    Column("TAKEN/S", rank=9, right=True),
    Column("DONE/S", rank=5, right=True),
    Column("FAILED/S", rank=8, right=True),
    Column("LIMITS", rank=10, elastic=True),
)

LANE_COLUMNS = (Column("LANE", elastic=True), Column("PENDING", right=True))


async def existing(session: Session, queue: str) -> messages.QueueStats:
    """Reads how a queue stands; ends the command where there is none of that name."""
    stats = await session.operator.get_queue_stats(queue)
    if not stats.queues:
        nothing_found(f"There is no queue {plain(queue)}: `sluice queues list` shows those that there are.")
    return stats.queues[0]


def queue_row(stats: messages.QueueStats, times: Times) -> Sequence[Cell]:
    """Returns a queue's cells, in the order of COLUMNS."""
    oldest = times.since(stats.oldest_pending_at) if stats.HasField("oldest_pending_at") else ""
    return (
        Cell(plain(stats.queue), "bold"),
        Cell("paused", "yellow") if stats.paused else Cell("open"),
        Cell(f"{stats.pending:,}"),
        Cell(f"{stats.scheduled:,}"),
        Cell(f"{stats.processing:,}", "cyan" if stats.processing else ""),
        Cell(f"{stats.failed:,}", "red" if stats.failed else ""),
        Cell(oldest),
        Cell(rate(stats.enqueued_rate)),
        Cell(rate(stats.claimed_rate)),
        Cell(rate(stats.completed_rate)),
        Cell(rate(stats.failed_rate), "red" if stats.failed_rate else ""),
        Cell(limits_text(stats.limits)),
    )


def lane_rows(stats: messages.QueueStats) -> list[Sequence[Cell]]:
    """Returns the lanes with most waiting, in the order of LANE_COLUMNS."""
    return [(Cell(plain(lane.lane) or "(none)"), Cell(f"{lane.pending:,}")) for lane in stats.lanes]


def limits_text(limits: messages.QueueLimits) -> str:
    """Returns "depth 1,000, running 8, 2 a lane, 10.0/s"; empty where nothing is limited."""
    parts = []
    if limits.HasField("max_depth"):
        parts.append(f"depth {limits.max_depth:,}")
    if limits.HasField("max_running"):
        parts.append(f"running {limits.max_running:,}")
    if limits.HasField("max_running_per_lane"):
        parts.append(f"{limits.max_running_per_lane:,} a lane")
    if limits.HasField("rate"):
        parts.append(f"{limits.rate.per_second:g}/s" + _burst(limits.rate))
    return ", ".join(parts)


def _burst(limit: messages.RateLimit) -> str:
    return f" burst {limit.burst:,}" if limit.HasField("burst") else ""
