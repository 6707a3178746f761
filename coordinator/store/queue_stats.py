"""How queues stand: sums of what coordinators noted, and a look at the heads of what waits."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.rows import DictRow

from coordinator.admin_domain import LOOK_JOBS, QueueStats
from coordinator.database import Database
from coordinator.store.limits import read_limits
from coordinator.store.looks import look

_LIMITS = ("max_depth", "max_running", "max_running_per_lane", "rate_per_second", "rate_burst")


async def queue_stats(database: Database, queue: str | None) -> list[QueueStats]:
    """Returns how every queue stands, or one, by name; none where there is no such queue."""
    rows = await database.fetch_all("get_queue_stats", {"queue": queue})
    asked = {"queues": [row["name"] for row in rows], "jobs": LOOK_JOBS}
    heads: dict[str, list[DictRow]] = {}
    for row in await look(database, "look_at_pending", asked):
        heads.setdefault(row["queue"], []).append(row)
    return [_stats(row, heads.get(row["name"], ())) for row in rows]


def _stats(row: DictRow, head: Sequence[DictRow]) -> QueueStats:
    limits = read_limits({name: row.pop(name) for name in _LIMITS})
    return QueueStats(
        queue=row.pop("name"),
        limits=limits,
        oldest_pending_at=head[0]["oldest_pending_at"] if head else None,
        lanes={one["lane"]: one["pending"] for one in head},
        **row,
    )
