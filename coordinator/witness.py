"""Sees what statements did to jobs, once it is durable: counts it, and tells whoever watches one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from coordinator.tallies import MOVING, Tally, moves

# It moves no job, and is seen by those who watch it.
_PROGRESS = "report_progress"


class JobWitness:
    """What the pools of a coordinator tell of their statements."""

    statements = frozenset({*MOVING, _PROGRESS})

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        # Whom to tell which jobs have changed.
        self.on_change: Callable[[Iterable[UUID]], None] = lambda job_ids: None

    def saw(self, statement: str, parameters: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Takes in what a statement was given and what it gave."""
        if statement != _PROGRESS:
            for move in moves(statement, parameters, rows):
                self._tally.add(move)
        self.on_change(row["id"] for row in rows if row.get("id") is not None)
