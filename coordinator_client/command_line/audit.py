"""`sluice audit`: what operators did."""

from __future__ import annotations

from collections.abc import Sequence

import click

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.lists import limit_option, page_size, show_list
from coordinator_client.command_line.shown import Times, plain
from coordinator_client.command_line.tables import Cell, Column
from protos.jobs.v1 import admin_service_pb2 as messages

COLUMNS = (
    Column("NO", rank=3, right=True),
    Column("WHEN", right=True),
    Column("WHO", rank=1, elastic=True),
    Column("FROM", rank=4, elastic=True),
    Column("ACT"),
    Column("DETAILS", rank=2, elastic=True),
)


def add_audit(program: click.Group) -> None:
    """Adds the command."""

    @command(program, "audit", examples=["sluice audit", "sluice audit --limit 500 --utc", "sluice audit --json"])
    @limit_option
    async def audit(session: Session, limit: int) -> None:
        """Show what operators did, newest first.

        Who it was, from where, and what the act was asked and did.
        """
        found = session.operator.list_audit(page_size=page_size(limit))
        await show_list(session, found, limit, COLUMNS, _row, nothing="Nobody has done anything yet.")


def _row(entry: messages.AuditEntry, times: Times) -> Sequence[Cell]:
    return (
        Cell(str(entry.id)),
        Cell(times.around(entry.at)),
        Cell(plain(entry.principal), "bold"),
        Cell(plain(entry.peer)),
        Cell(plain(entry.act)),
        Cell(plain(entry.details)),
    )
