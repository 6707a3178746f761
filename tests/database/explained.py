"""The store's verbs over a connection that keeps the plan of every statement it carries out, and undoes it all."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Container, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from psycopg import AsyncCursor, sql
from psycopg.rows import DictRow, dict_row

from coordinator.database import Connection, Database

_PARAMETER = re.compile(rb"%\((\w+)\)s")
_DAY = re.compile(r"_\d{8}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner made of one statement of sql/queries."""

    name: str
    root: Mapping[str, Any]

    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Yields every node, from the root down."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", ())

    def scans(self, empty: Container[str] = ()) -> set[tuple[str, str]]:
        """Returns (table, by what) of every read of a table that is not empty: an index's name, else the kind of scan.

        An index that is read from end to end is "all of" it: no better than the table.
        Days of history go by their parent's name, and their indexes without the day.
        """
        return {
            (_DAY.sub("", node["Relation Name"]), _by_what(node))
            for node in self.nodes()
            if "Relation Name" in node and node["Node Type"] != "ModifyTable" and node["Relation Name"] not in empty
        }

    def joins(self) -> set[str]:
        """Returns the kinds of joins."""
        return {node["Node Type"] for node in self.nodes() if "Join Type" in node}

    @property
    def buffers(self) -> int:
        """Returns how often a page was touched, where the plan was carried out."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def rows_read(self) -> int:
        """Returns how many rows were read from tables, with those that were filtered out, where it was carried out."""
        return sum(
            round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
            for node in self.nodes()
            if "Relation Name" in node and node["Node Type"] != "ModifyTable"
        )

    def __str__(self) -> str:
        return f"{self.name}: {json.dumps(self.root, indent=1)}"


def _by_what(node: Mapping[str, Any]) -> str:
    for one in (node, *node.get("Plans", ())):
        if "Index Name" in one:
            index = _DAY.sub("", one["Index Name"])
            return index if "Index Cond" in one else f"all of {index}"
    return str(node["Node Type"])


class ExplainingConnection(Connection):
    """Carries statements out, and keeps their plans."""

    plans: list[Plan]
    # Whether they tell what was touched as well.
    analyze: bool

    async def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool = False
    ) -> AsyncCursor[DictRow]:
        """Carries one statement out; one of sql/queries is explained as well."""
        name = _names().get(query) if isinstance(query, bytes) else None
        if name is None:
            return await super().execute(query, params, prepare=prepare, binary=binary)
        names = list(dict.fromkeys(_PARAMETER.findall(query)))
        statement = _PARAMETER.sub(lambda match: b"$%d" % (names.index(match[1]) + 1), query)
        # The types are those that the driver gives.
        async with self.transaction(force_rollback=True):
            await super().execute(query, params, prepare=True)
            known = (
                "SELECT array_to_string(parameter_types, ', ') AS t FROM pg_prepared_statements WHERE statement = %s"
            )
            types = (await self._one(known, [statement.decode()]))["t"]
        async with self.transaction(force_rollback=True):
            await super().execute(b"PREPARE explained " + (f"({types}) AS " if types else "AS ").encode() + statement)
            values = sql.SQL(", ").join(sql.Literal(params[name.decode()]) for name in names)
            call = sql.SQL("({})").format(values) if names else sql.SQL("")
            options = sql.SQL("ANALYZE, BUFFERS, FORMAT JSON" if self.analyze else "FORMAT JSON")
            explanation = await self._one(sql.SQL("EXPLAIN ({}) EXECUTE explained {}").format(options, call))
            await super().execute("DEALLOCATE explained")
        self.plans.append(Plan(name, explanation["QUERY PLAN"][0]["Plan"]))
        return await super().execute(query, params, binary=binary)

    async def _one(self, query: Any, params: Any = None) -> DictRow:
        cursor = await super().execute(query, params)
        row = await cursor.fetchone()
        assert row is not None
        return row


@cache
def _names() -> Mapping[bytes, str]:
    folder = files("sql") / "queries"
    return {one.read_bytes(): one.name.removesuffix(".sql") for one in folder.iterdir()}


class Explained(Database):
    """A database of one connection, within a transaction that is rolled back in the end."""

    def __init__(self, connection: ExplainingConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lends the connection."""
        yield self._connection

    pipelined_transaction = Database.transaction

    @property
    def plans(self) -> list[Plan]:
        """The plans of what was carried out, in order."""
        return self._connection.plans

    def plan_of(self, name: str) -> Plan:
        """Returns the only plan of a statement."""
        (plan,) = (plan for plan in self.plans if plan.name == name)
        return plan


@asynccontextmanager
async def explained(
    database_url: str, *, plan_cache_mode: str | None = None, analyze: bool = False
) -> AsyncIterator[Explained]:
    """Lends a database that keeps plans, as the role of the URL; what is done in the block is undone after it.

    Args:
        database_url: The database and the role.
        plan_cache_mode: Whether plans are for the parameters given or for any; the role's own setting where None.
        analyze: Whether the plans tell what was touched.
    """
    async with await ExplainingConnection.connect(database_url, row_factory=dict_row, autocommit=True) as connection:
        connection.plans = []
        connection.analyze = analyze
        async with connection.transaction(force_rollback=True):
            if plan_cache_mode is not None:
                await connection.execute("SELECT set_config('plan_cache_mode', %s, true)", [plan_cache_mode])
            yield Explained(connection)
