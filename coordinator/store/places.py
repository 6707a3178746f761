"""Columns and rows that several verbs share: leases by their fence, and places where jobs stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg.rows import DictRow

from coordinator.domain import Lease, Place


def lease_columns(leases: Sequence[Lease]) -> dict[str, object]:
    """Returns the parameters by which a statement joins on its fences."""
    return {"job_ids": [lease.job_id for lease in leases], "tokens": [lease.token for lease in leases]}


def places(rows: Iterable[DictRow]) -> tuple[Place, ...]:
    """Returns where the jobs stand that a statement made pending."""
    return tuple(Place(row["queue"], row["kind"], row["priority"], row["position"]) for row in rows)
