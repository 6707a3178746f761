"""Periodic duties on the tables: days of history to come and to go, keys and sessions to forget."""

from __future__ import annotations

from coordinator.database import Database, execute, fetch_all
from coordinator.errors import Busy


async def create_history_partitions(database: Database) -> None:
    """Makes the days of history that are missing, seven ahead."""
    await database.execute("create_history_partitions")


async def drop_old_history(database: Database, retention_days: int) -> int:
    """Drops the days past their retention; one that a reader holds is left for the next time. Returns how many went."""
    dropped = 0
    for row in await database.fetch_all("old_history_days", {"retention_days": retention_days}):
        try:
            async with database.transaction() as connection:
                # Nothing comes into a day so old: what is counted is what goes.
                await fetch_all(connection, "count_day_failed", {"day": row["day"]})
                await execute(connection, "drop_history_partition", {"day": row["day"]})
        except Busy:
            return dropped
        dropped += 1
    return dropped


async def delete_old_keys(database: Database) -> int:
    """Forgets idempotency keys whose time is over, at most 1,000; returns how many."""
    return await database.execute("delete_old_keys")


async def has_tomorrows_partition(database: Database) -> bool:
    """Returns whether tomorrow's completions have a place to go."""
    row = await database.fetch_one("has_tomorrows_partition")
    return row is not None and bool(row["ready"])
