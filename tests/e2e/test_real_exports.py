"""Real export files, where SLUICE_REAL_EXPORTS names a folder of them: one case for each, and none without."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays

FOLDER = os.environ.get("SLUICE_REAL_EXPORTS")
FILES = sorted(Path(FOLDER).rglob("*.json")) if FOLDER else []

KNOWN = {
    "d0e5c50278bbfa3c0c509ebb7e41dca60a7b949d7fb25858fb6e923bd5bc8c21": (8_143, 0, 0, 482_209_726),
    "d8b6cfa3e1ae0f721cd0a02cc3a229363bae0d2de359fd688253f292c5ea9e0e": (6, 0, 0, 894_438),
    "1b00f543022b1f33796dbacb819bcea0e0f895c029d452f6de7b34038a7a9d70": (513, 0, 0, 84_723_838),
    "418f7092a12296e5e19d9a1fb39ee043324771bc80cfcdc6e85989a14e4dba21": (941, 2, 20, 101_827_432),
}
"""Inserted, duplicate and rejected rows and milliseconds of published files, by SHA-256."""

ALL_KNOWN = (9_597, 668_760_996)
"""Plays and milliseconds of these four together."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_a_real_file_is_counted_row_by_row(sql: Connection, person: Person, path: Path) -> None:
        response = person.post_files({path.name: path.read_bytes()})
        if response.status_code == 400:  # a folder as it was unpacked holds other things too
            assert [error["filename"] for error in response.json()["errors"]] == [path.name]
            return
        status = person.ended(response.json()["uploadJobId"])
        assert status["status"] == "completed"
        records = tuple(status[f"{name}Records"] for name in ("inserted", "duplicate", "rejected"))
        assert sum(records) == status["totalRecords"]
        plays, ms_played = stored_plays(sql, person.id)
        assert plays == records[0]
        assert KNOWN.get(digest(path), (*records, ms_played)) == (*records, ms_played)


if {digest(path) for path in FILES} >= set(KNOWN):

    def test_the_known_files_give_their_plays_together(sql: Connection, person: Person) -> None:
        person.ended(person.upload({path.name: path.read_bytes() for path in FILES if digest(path) in KNOWN}))
        assert stored_plays(sql, person.id) == ALL_KNOWN
