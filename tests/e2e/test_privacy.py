"""What an export says of its owner beyond the plays is in the bytes that were sent, and nowhere afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from export_formats.samples import CANARIES, expected_plays, extended_files, generate_history
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays, texts_with
from tests.e2e.running_stack import RunningStack


@pytest.fixture
def logs(stack: RunningStack, quick_folder: Path) -> list[Path]:
    """The logs of the stack's processes."""
    return sorted((quick_folder / "stack" / "logs").iterdir())


def test_no_personal_field_outlives_its_file(sql: Connection, person: Person, logs: list[Path]) -> None:
    files = extended_files(generate_history(3, 500), "A")
    assert all(any(canary.encode() in content for content in files.values()) for canary in CANARIES)
    person.ended(person.upload(files))
    assert stored_plays(sql, person.id)[0] == expected_plays(files).plays
    assert texts_with(sql, person.id), "the search finds what is there"
    for canary in CANARIES:
        assert texts_with(sql, canary) == []
        assert not [log.name for log in logs if canary in log.read_text()]
    chunks = sql.execute(
        "SELECT count(*) AS n FROM upload_file_chunks c JOIN upload_files f ON f.id = c.file_id WHERE f.user_id = %s",
        [person.id],
    ).fetchone()
    assert chunks == {"n": 0}
