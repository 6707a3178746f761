"""Looks at crowded tables: in the order of an index, and no further than they are told to."""

from __future__ import annotations

from psycopg.rows import DictRow

from coordinator.database import Database, Parameters, execute, fetch_all


async def look(database: Database, statement: str, parameters: Parameters) -> list[DictRow]:
    """Runs the named statement with plans that begin to give rows at once."""
    async with database.transaction() as connection:
        await execute(connection, "plan_for_looking")
        return await fetch_all(connection, statement, parameters)
