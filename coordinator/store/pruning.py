"""Removing finished jobs before their retention is over, because an operator wants it."""

from __future__ import annotations

from coordinator.admin_domain import PruneFilter
from coordinator.database import Database, fetch_all, fetch_one
from coordinator.errors import InvalidRequest
from coordinator.store.auditing import Act, write_act


async def prune(database: Database, wanted: PruneFilter, most: int, act: Act) -> int:
    """Removes at most so many jobs from history, oldest first, with what is left of failed files; returns how many.

    Raises InvalidRequest for a time that is less than an hour ago: repeats of what ended a job look for it in history.
    """
    parameters = {
        "finished_before": wanted.finished_before,
        "queue": wanted.queue,
        "states": sorted(wanted.states) if wanted.states else None,
        "most": most,
    }
    async with database.transaction() as connection:
        told = await fetch_one(connection, "is_pruning_late_enough", {"finished_before": wanted.finished_before})
        if told is None or not told["late_enough"]:
            raise InvalidRequest(
                "finished_before lies less than an hour back: workers may still repeat what they did.",
                field="finished_before",
                limit="1 h",
                value=wanted.finished_before.isoformat(),
            )
        pruned: int = sum(row["jobs"] for row in await fetch_all(connection, "prune_jobs", parameters))
        await write_act(connection, act, pruned=pruned)
    return pruned
