"""Export files that come in pieces as they are: not in a ZIP."""

from __future__ import annotations

import gzip

import pytest

from export_formats.samples import expected_plays
from tests.e2e.made_files import account_file
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.tus_upload import upload_in_pieces

ROWS = 3_000
NAME = "StreamingHistory_music_0.json"


@pytest.mark.parametrize("compressed", [False, True])
def test_an_export_file_that_came_in_pieces_is_read_as_what_it_is(
    person: Person, sql: Connection, *, compressed: bool
) -> None:
    history = account_file(ROWS)
    content, filename = (gzip.compress(history), f"{NAME}.gz") if compressed else (history, NAME)
    status = person.ended(upload_in_pieces(person, content, filename, piece_bytes=100_000))
    assert (status["status"], status["totalFiles"], status["failedFiles"]) == ("completed", 1, 0), status
    expected = expected_plays({NAME: history})
    assert stored_plays(sql, person.id) == (expected.plays, expected.ms_played)
