"""Long lists: read page by page, and no further than wanted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

import click
from google.protobuf.message import Message

from coordinator_client.command_line.command import Session
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.shown import Times
from coordinator_client.command_line.tables import Cell, Column
from coordinator_client.command_line.written import COUNT

MOST_OF_A_PAGE = 200

Row = TypeVar("Row", bound=Message)

limit_option = click.option("--limit", type=COUNT, default="50", show_default=True, help="At most so many; 0 is all.")


def page_size(limit: int) -> int:
    """Returns how many to ask for at once: one more than wanted, so that it is known whether there are more."""
    return min(limit + 1, MOST_OF_A_PAGE) if limit else MOST_OF_A_PAGE


async def show_list(
    session: Session,
    rows: AsyncGenerator[Row, None],
    limit: int,
    columns: Sequence[Column],
    cells: Callable[[Row, Times], Sequence[Cell]],
    *,
    nothing: str,
) -> None:
    """Prints at most `limit` rows: as JSON as they come, otherwise as a table of them all.

    Says `nothing`, and ends the command, where there is none.
    """
    output, shown = session.output, list[Row]()
    count, more = 0, False
    async with aclosing(rows):
        async for row in rows:
            more = bool(limit) and count == limit
            if more:
                break
            count += 1
            if output.json:
                output.document(document(row))
            else:
                shown.append(row)
    if not count:
        nothing_found(nothing)
    if not output.json:
        times = output.times()
        output.table(columns, [cells(row, times) for row in shown])
    if more:
        output.note(f"There are more than {limit}: --limit shows more.")
