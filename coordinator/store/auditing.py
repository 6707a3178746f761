"""The audit log: who did what, and whom it was about, as an HMAC of the id and never as the id."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from coordinator.admin_domain import AuditEntry
from coordinator.database import Connection, Database, execute, fetch_one
from coordinator.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, for the audit log."""

    principal: str
    peer: str
    name: str
    details: Mapping[str, object]
    # The owner whom it is about, where it is about one.
    user: str | None = None


async def write_act(connection: Connection, act: Act, **outcome: object) -> None:
    """Writes an act down with what came of it, in the transaction of the act."""
    details = {**act.details, **outcome}
    if act.user is not None:
        details["user"] = await find_audit_id(connection, act.user)
    line = {"principal": act.principal, "peer": act.peer, "act": act.name, "details": Jsonb(details)}
    await execute(connection, "insert_audit", line)


async def list_audit(database: Database, before: int, most: int) -> list[AuditEntry]:
    """Returns at most so many entries below an id, newest first."""
    rows = await database.fetch_all("list_audit", {"before": before, "most": most})
    return [AuditEntry(**row) for row in rows]


async def find_audit_id(connection: Connection, user: str) -> str:
    """Returns what the audit log of this database calls an owner. Raises StoreUnavailable where its key is gone."""
    row = await fetch_one(connection, "get_audit_key")
    if row is None:
        raise StoreUnavailable("The audit log has no key: sluice.audit_keys is empty.", retry_after_seconds=60.0)
    return audit_id(row["key"], user)


def audit_id(key: bytes, user: str) -> str:
    """Returns the HMAC-SHA256 of an owner, in hex; a person's id is the same however it is spelled."""
    with suppress(ValueError):
        user = str(UUID(user))
    return hmac.new(key, user.encode(), hashlib.sha256).hexdigest()
