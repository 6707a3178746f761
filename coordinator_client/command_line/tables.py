"""Tables that fit the terminal: columns that matter least go first, then the longest text is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

_GAP = 2
_NARROWEST = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the higher its `rank`, the sooner it gives way to others; those of rank 0 never do."""

    heading: str
    rank: int = 0
    right: bool = False
    # May be cut, with an ellipsis.
    elastic: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place, on one line and fit to be printed; the style is one of rich's."""

    text: str
    style: str = ""


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> list[Text]:
    """Returns the heading and a line a row, each at most `width` cells wide where the columns of rank 0 allow that.

    Without a width nothing is left out.
    """
    widths = [
        max(cell_len(column.heading), *(cell_len(row[place].text) for row in rows), 0)
        for place, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if width is not None:
        shown = _kept(columns, widths, width)
        _cut(columns, widths, shown, width)
    heading = [Cell(column.heading, "bold") for column in columns]
    return [_line([(columns[place], widths[place], row[place]) for place in shown]) for row in (heading, *rows)]


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[place] for place in shown) + _GAP * (len(shown) - 1)


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns that there is room for, an elastic one counted as narrow as it may become."""
    least = [
        min(one, max(_NARROWEST, cell_len(column.heading))) if column.elastic else one
        for column, one in zip(columns, widths, strict=True)
    ]
    shown = list(range(len(columns)))
    while _total(least, shown) > width:
        last = max(shown, key=lambda place: (columns[place].rank, place))
        if columns[last].rank == 0:
            break
        shown.remove(last)
    return shown


def _cut(columns: Sequence[Column], widths: list[int], shown: Sequence[int], width: int) -> None:
    """Takes what is too much from the widest elastic column, one cell after the other."""
    elastic = [place for place in shown if columns[place].elastic]
    while elastic and _total(widths, shown) > width:
        widest = max(elastic, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _line(cells: Sequence[tuple[Column, int, Cell]]) -> Text:
    line = Text(no_wrap=True)
    for number, (column, width, cell) in enumerate(cells):
        text = _fitted(cell.text, width)
        room = " " * (width - cell_len(text))
        line.append(" " * _GAP if number else "")
        line.append(room if column.right else "")
        line.append(text, cell.style or None)
        line.append("" if column.right or number == len(cells) - 1 else room)
    return line


def _fitted(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"
