"""The page on formats names everything that there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from export_formats import EMPTY, FORMAT_NAMES, Reason, Rejection
from export_formats.formats import FORMATS
from export_formats.later_covers import MAX_COVERS, MAX_COVERS_A_FILE
from export_formats.merging import MAX_MS_PLAYED
from export_formats.names import MAX_TEXT_LENGTH
from export_formats.rows import MAX_ROW_BYTES

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()


def names_in(heading: str) -> list[list[str]]:
    """Gives the names in each row of the table behind a heading, cell by cell; empty for the text before the first."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [row.strip("| ").split(" | ") for row in rows]


def test_every_format_stands_there_with_the_keys_that_tell_it() -> None:
    rows = {cells[0].strip("`"): cells for cells in names_in("# What can be uploaded")}
    assert set(rows) == set(FORMAT_NAMES)
    for known in FORMATS:
        needs, any_of = (frozenset(re.findall(r"`(\w+)`", cell)) for cell in rows[known.name][2:4])
        assert (needs, any_of) == (known.needs, known.any_of)
    assert "no rows" in rows[EMPTY][2]


def test_every_reason_stands_there_in_its_order() -> None:
    rejections, reasons = names_in("## Rows that are no plays"), names_in("## Files that are refused")
    assert [cells[0].strip("`") for cells in rejections] == [each.value for each in Rejection]
    assert [cells[0].strip("`") for cells in reasons] == [each.value for each in Reason]


def test_the_limits_are_those_of_the_code() -> None:
    for limit in (MAX_TEXT_LENGTH, MAX_MS_PLAYED, MAX_COVERS, MAX_COVERS_A_FILE):
        assert f"{limit:,}" in PAGE
    assert f"a row has more than {MAX_ROW_BYTES >> 20} MiB" in PAGE
