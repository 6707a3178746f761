"""What a command prints: rows or one document, for people or as JSON; notes on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from coordinator_client.command_line.documents import as_line
from coordinator_client.command_line.shown import Times
from coordinator_client.command_line.tables import Cell, Column, lay_out


class _Console(Console):
    """Leaves it to the program what becomes of it when whoever reads has seen enough; rich would call that an error."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError, as any other print does."""
        raise BrokenPipeError


def _console() -> Console:
    # Colours on a terminal alone, and not with NO_COLOR; nothing in what is printed is markup.
    return _Console(
        file=sys.stdout,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        markup=False,
        highlight=False,
        emoji=False,
    )


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's answer goes."""

    json: bool
    utc: bool
    console: Console = field(default_factory=_console)

    @property
    def width(self) -> int | None:
        """How many cells fit on a line; None where nobody looks, and nothing is to be cut."""
        return self.console.width if self.console.is_terminal else None

    def times(self) -> Times:
        """Returns how moments look now."""
        return Times(datetime.now(UTC), self.utc)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Prints a table that fits."""
        for line in lay_out(columns, rows, self.width):
            self.line(line)

    def line(self, text: str | Text) -> None:
        """Prints a line; a longer one goes on below."""
        self.console.print(text, soft_wrap=True)

    def document(self, values: dict[str, Any]) -> None:
        """Prints a JSON document on a line of its own, at once: whoever reads may be waiting for it."""
        click.echo(as_line(values))
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Says something to people that is not the answer."""
        click.echo(text, err=True)


def pairs(values: Sequence[tuple[str, Cell]], width: int | None) -> list[Text]:
    """Lays out names and values, a pair a line; a value that is too long goes on below, indented."""
    longest = max(len(name) for name, _ in values)
    lines = []
    for name, cell in values:
        line = Text.assemble((name.ljust(longest + 2), "bold"), (cell.text, cell.style))
        lines += _indented(line, longest + 2, width) if width else [line]
    return lines


def _indented(line: Text, indent: int, width: int) -> list[Text]:
    if line.cell_len <= width or width <= indent + 10:
        return [line]
    first, rest = line.divide([width])
    room = width - indent
    return [first, *(Text(" " * indent) + part for part in rest.divide(range(room, len(rest), room)))]
