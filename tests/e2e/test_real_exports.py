"""Real export files, where SLUICE_REAL_EXPORTS names a folder of them: one case for each, and none without."""

from __future__ import annotations

import hashlib
import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import pytest

from export_formats.samples import tell_truth, write_zip
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows, stored_plays
from tests.told_plays import assert_told_plays

FOLDER = os.environ.get("SLUICE_REAL_EXPORTS")
FILES = sorted(Path(FOLDER).rglob("*.json")) if FOLDER else []


@dataclass(frozen=True)
class Known:
    """What is known of a published file: the figures of its upload, and of the plays in the end."""

    inserted: int
    duplicate: int
    rejected: int
    ms_played: int
    first: str
    last: str
    rejections: dict[str, int] = field(default_factory=dict)
    counts: dict[LiteralString, int] = field(default_factory=dict)


# By what a plain count over the plays of one file gives.
_AT_ONCE: LiteralString = (
    "count(*) - count(DISTINCT (date_trunc('minute', played_at), artist_name, track_name, ms_played))"
)
_PAIRS: LiteralString = "count(DISTINCT (artist_name, track_name))"
_MINUTES: LiteralString = "count(*) - count(DISTINCT (played_at, artist_name, track_name))"

MUSIC = "d0e5c50278bbfa3c0c509ebb7e41dca60a7b949d7fb25858fb6e923bd5bc8c21"
PAIR_ACCOUNT = "d8b6cfa3e1ae0f721cd0a02cc3a229363bae0d2de359fd688253f292c5ea9e0e"
PAIR_EXTENDED = "1b00f543022b1f33796dbacb819bcea0e0f895c029d452f6de7b34038a7a9d70"
ENDSONG = "418f7092a12296e5e19d9a1fb39ee043324771bc80cfcdc6e85989a14e4dba21"

KNOWN = {
    MUSIC: Known(
        *(8_143, 0, 0, 482_209_726, "2024-09-07 09:52:00", "2024-10-19 20:38:00"),
        counts={
            "count(DISTINCT artist_name)": 1_513,
            _PAIRS: 3_903,
            _AT_ONCE: 0,
            _MINUTES: 193,
            "count(*) FILTER (WHERE ms_played = 0)": 152,
            "count(*) FILTER (WHERE ms_played < 30000)": 4_737,
            "count(*) FILTER (WHERE artist_name = 'Unknown Artist' AND track_name = 'Unknown Track')": 298,
        },
    ),
    PAIR_ACCOUNT: Known(6, 0, 0, 894_438, "2024-11-06 20:00:00", "2024-11-07 01:22:00"),
    PAIR_EXTENDED: Known(
        *(513, 0, 0, 84_723_838, "2022-05-22 10:10:23", "2024-11-07 01:22:51"),
        counts={
            "count(DISTINCT (played_at, track_uri, ms_played))": 513,
            _AT_ONCE: 513 - 485,
            "count(*) FILTER (WHERE ms_played = 0)": 16,
            "count(*) FILTER (WHERE ms_played = 149073 AND played_at >= '2024-11-06 20:00Z')": 28,
        },
    ),
    ENDSONG: Known(
        # Its last row is of 2023-01-13 04:00:13, and of nothing.
        *(941, 2, 20, 101_827_432, "2021-10-12 19:13:59", "2022-09-17 00:53:15"),
        rejections={"no_content": 20},
    ),
}
"""Published files by SHA-256."""

ALL_KNOWN = (9_597, 668_760_996)
"""Plays and milliseconds of these four together."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(*digests: str) -> dict[str, bytes]:
    """Gives the known files with these digests by their names."""
    return {path.name: path.read_bytes() for each in digests for path in FILES if digest(path) == each}


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_a_real_file_is_counted_row_by_row_and_leaves_its_true_plays(
        sql: Connection, person: Person, path: Path
    ) -> None:
        content = path.read_bytes()
        response = person.post_files({path.name: content})
        if response.status_code == 400:  # a folder as it was unpacked holds other things too
            assert [error["filename"] for error in response.json()["errors"]] == [path.name]
            return
        status = person.ended(response.json()["uploadJobId"])
        assert status["status"] == "completed"
        inserted, *others = (status[f"{name}Records"] for name in ("inserted", "duplicate", "rejected"))
        assert inserted + sum(others) == status["totalRecords"]
        assert stored_plays(sql, person.id)[0] == inserted
        assert_told_plays(sql, person.id, tell_truth({path.name: content}))


if {digest(path) for path in FILES} >= set(KNOWN):

    @pytest.mark.parametrize("known", KNOWN)
    def test_a_known_file_has_what_is_known_of_it(sql: Connection, person: Person, known: str) -> None:
        status = person.ended(person.upload(contents(known)))
        [file] = status["files"]
        expected = KNOWN[known]
        counted = [file[f"{name}Records"] for name in ("inserted", "duplicate", "rejected", "superseded")]
        assert counted == [expected.inserted, expected.duplicate, expected.rejected, 0]
        assert {each["reason"]: each["count"] for each in file["rejections"]} == expected.rejections
        assert stored_plays(sql, person.id) == (expected.inserted, expected.ms_played)
        span = "SELECT min(played_at)::text AS first, max(played_at)::text AS last FROM listens WHERE user_id = %s"
        [times] = rows(sql, span, person.id)
        assert times == {"first": f"{expected.first}+00", "last": f"{expected.last}+00"}
        for expression, count in expected.counts.items():
            [found] = rows(sql, f"SELECT {expression} AS found FROM listens WHERE user_id = %s", person.id)
            assert (expression, found["found"]) == (expression, count)

    @pytest.mark.parametrize("order", [*itertools.permutations((PAIR_ACCOUNT, PAIR_EXTENDED))], ids=["old", "new"])
    def test_the_pair_gives_its_extended_plays_in_either_order(
        sql: Connection, person: Person, order: tuple[str, ...]
    ) -> None:
        ended = [person.ended(person.upload(contents(each))) for each in order]
        account = order.index(PAIR_ACCOUNT)
        counted = [(each["insertedRecords"], each["duplicateRecords"], each["supersededRecords"]) for each in ended]
        assert counted == ([(6, 0, 0), (513, 0, 6)] if account == 0 else [(513, 0, 0), (0, 6, 0)])
        assert stored_plays(sql, person.id) == (513, 84_723_838)

    def test_the_pair_at_once_and_again_gives_its_extended_plays(sql: Connection, person: Person) -> None:
        pair = contents(PAIR_ACCOUNT, PAIR_EXTENDED)
        for _ in range(2):
            person.ended(person.upload(pair))
            assert stored_plays(sql, person.id) == (513, 84_723_838)
        assert_told_plays(sql, person.id, tell_truth(pair))

    @pytest.mark.parametrize("is_archive", [False, True], ids=["as a form", "as an archive"])
    def test_the_known_files_give_their_plays_together(sql: Connection, person: Person, is_archive: bool) -> None:
        files = contents(*KNOWN)
        person.ended(person.upload_archive(write_zip(files)) if is_archive else person.upload(files))
        assert stored_plays(sql, person.id) == ALL_KNOWN
        assert_told_plays(sql, person.id, tell_truth(files))
