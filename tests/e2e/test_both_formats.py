"""Both exports of a person, through the front door, give exactly the plays that are in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from export_formats.samples import expected_plays, write_zip
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays

Files = dict[str, bytes]


def assert_all_is_there(sql: Connection, person: Person, sample: Files) -> None:
    """What is stored and what the dashboard says is what a plain reading of the rule expects."""
    expected = expected_plays(sample)
    assert stored_plays(sql, person.id) == (expected.plays, expected.ms_played)
    overview = person.overview()
    assert (overview["plays"], overview["msPlayed"]) == (expected.plays, expected.ms_played)


def test_the_files_of_both_formats_give_the_plays_that_are_in_them(
    sql: Connection, person: Person, sample: Files
) -> None:
    status = person.ended(person.upload(sample))
    assert (status["status"], status["totalFiles"], status["failedFiles"]) == ("completed", len(sample), 0)
    assert status["insertedRecords"] - status["supersededRecords"] == expected_plays(sample).plays
    assert_all_is_there(sql, person, sample)


def test_the_same_files_in_an_archive_give_the_same_plays(sql: Connection, person: Person, sample: Files) -> None:
    accepted = person.post_archive(write_zip(sample)).json()
    assert (accepted["totalFiles"], accepted["errors"]) == (len(sample), [])
    status = person.ended(accepted["uploadJobId"])
    assert {file["filename"] for file in status["files"]} == {name.rpartition("/")[2] for name in sample}
    assert_all_is_there(sql, person, sample)


def test_uploading_the_same_again_inserts_nothing(sql: Connection, person: Person, sample: Files) -> None:
    person.ended(person.upload(sample))
    again = person.ended(person.upload_archive(write_zip(sample)))
    assert again["status"] == "completed"
    assert (again["insertedRecords"], again["supersededRecords"]) == (0, 0)
    assert again["duplicateRecords"] == again["totalRecords"] - again["rejectedRecords"] > 0
    assert_all_is_there(sql, person, sample)


@pytest.mark.parametrize("order", [list, lambda names: list(reversed(names))], ids=["forwards", "backwards"])
def test_files_one_by_one_give_the_same_plays_in_any_order(
    sql: Connection, person: Person, sample: Files, order: Callable[[Files], list[str]]
) -> None:
    for name in order(sample):
        person.ended(person.upload({name: sample[name]}))
    assert_all_is_there(sql, person, sample)


def test_a_repeat_with_its_idempotency_key_is_the_first_upload(person: Person, sample: Files) -> None:
    first, again = (person.post_files(sample, **{"Idempotency-Key": "the-key"}).json() for _ in range(2))
    assert first["uploadJobId"] == again["uploadJobId"]
    uploads = person.client.get("/api/uploads").json()["items"]
    assert [upload["id"] for upload in uploads] == [first["uploadJobId"]]
