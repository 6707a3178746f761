"""The statements of sql/queries, by name. Read once, when the process starts."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """Returns the statement in sql/queries/<name>.sql, as bytes ready for the driver. Raises FileNotFoundError."""
    return (files("sql") / "queries" / f"{name}.sql").read_bytes()
