"""Time is the database's: no statement and no code of the coordinator has another idea of now."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What says what time it is, in SQL. Tests replace sluice.now(), and nothing else.
_OTHER_CLOCKS = re.compile(
    r"(?<!sluice\.)\bnow\(\)|\b(?:clock|statement|transaction)_timestamp\b|\bcurrent_(?:timestamp|date|time)\b|\btimeofday\b",
    re.IGNORECASE,
)
# Ids carry a time for their order, and nobody reads it.
_MAY_KNOW_THE_TIME = {"ids.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "sql" / "queries").glob("*.sql")), ids=lambda path: path.stem)
def test_a_statement_asks_no_clock_but_ours(path: Path) -> None:
    code = "\n".join(line.partition("--")[0] for line in path.read_text().splitlines())
    assert not _OTHER_CLOCKS.findall(code)


def test_the_coordinator_asks_the_wall_clock_for_nothing() -> None:
    asked = {
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "coordinator").rglob("*.py"))
        if path.name not in _MAY_KNOW_THE_TIME
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")}
    }
    assert asked == set()
