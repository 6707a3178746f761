"""The page about privacy names tests, settings and tables that exist, and says their numbers as they are."""

import re
from pathlib import Path

import pytest

from coordinator.services.forgetting import ForgettingLimits
from coordinator.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "privacy.md").read_text()


def default(name: str) -> object:
    return Settings.model_fields[name].default


def test_every_test_and_file_that_the_page_names_is_there() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"^ *(?:async )?def (test_\w+)", code, re.MULTILINE))
    assert (named := set(re.findall(r"`(test_\w+)`", PAGE)))
    assert named - there == set()
    assert (ROOT / "tests/database/test_interleaved_forgetting.py").exists()


def test_every_table_that_the_page_names_is_in_the_schema() -> None:
    schema = (ROOT / "sql" / "schema.sql").read_text()
    named = set(re.findall(r"^\| [^|]* \| ([^|]*) \|", PAGE, re.MULTILINE)) - {"where", "---", "as above"}
    tables = {table.strip("` ") for cell in named for table in cell.split(",")}
    assert len(tables) > 6
    for table in tables:
        assert re.search(rf"CREATE TABLE (public\.)?{re.escape(table)} \(", schema), table


# Columns that hold words of the contract, of the schema or of whoever runs the queues, and nothing of a person.
_NOT_OF_PEOPLE = {"queue", "kind", "state", "slot", "ended_verb"}


@pytest.mark.parametrize("table", ["jobs", "job_history", "audit_log", "lanes", "enqueue_keys"])
def test_the_page_names_every_column_of_the_queue_that_may_hold_anything_of_a_person(table: str) -> None:
    schema = (ROOT / "sql" / "schema.sql").read_text()
    (columns,) = re.findall(rf"^CREATE TABLE sluice\.{table} \((.*?)^\)", schema, re.MULTILINE | re.DOTALL)
    free = set(re.findall(r"^    (\w+) (?:text|bytea|jsonb?)\b", columns, re.MULTILINE)) - _NOT_OF_PEOPLE
    rows = "\n".join(row for row in PAGE.splitlines() if row.startswith("|") and f"`sluice.{table}`" in row)
    assert {column for column in free if f"`{column}`" not in rows} == set()


def test_the_times_are_those_of_the_settings() -> None:
    for variable, field, unit in (
        ("SLUICE_FAILED_CONTENT_DAYS", "failed_content_days", "days"),
        ("SLUICE_ABANDONED_UPLOAD_HOURS", "abandoned_upload_hours", "hours"),
        ("SLUICE_HISTORY_DAYS", "history_days", "days"),
    ):
        (line,) = [line for line in PAGE.splitlines() if f"`{variable}`" in line]
        assert f"| {default(field):g} {unit} |" in line


def test_the_size_of_a_step_is_what_the_code_takes() -> None:
    assert f"{ForgettingLimits().plays:,} at a time" in PAGE
