"""The audit log: what operators did, written in the transaction of the act and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from coordinator.admin_domain import AuditEntry
from coordinator.database import Connection, Database, execute


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, for the audit log."""

    principal: str
    peer: str
    name: str
    details: Mapping[str, object]


async def write_down(connection: Connection, act: Act, **did: object) -> None:
    """Writes an act into the log, as part of the caller's transaction, with what it did."""
    details = Jsonb({**act.details, **did})
    audit = {"principal": act.principal, "peer": act.peer, "act": act.name, "details": details}
    await execute(connection, "insert_audit", audit)


async def list_audit(database: Database, before: int, most: int) -> list[AuditEntry]:
    """Returns at most so many entries below an id, newest first."""
    rows = await database.fetch_all("list_audit", {"before": before, "most": most})
    return [AuditEntry(**row) for row in rows]
