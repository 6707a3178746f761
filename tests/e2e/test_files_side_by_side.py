"""Several files at once: each counts for itself, the sums are always right, and nobody waits for somebody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.made_files import account_file, account_files
from tests.e2e.person import ENDED, Person
from tests.e2e.plain_sql import Connection, rows, stored_plays
from tests.e2e.until import until

RECORDS = ("totalRecords", "insertedRecords", "duplicateRecords", "rejectedRecords", "supersededRecords")
MANY = 200


def readings(person: Person, upload_id: str) -> Iterator[dict[str, Any]]:
    """Reads the status again and again, to the end, which has to come soon."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = person.status(upload_id)
        yield status
        if status["status"] in ENDED:
            return
    raise AssertionError("The upload does not end.")


@pytest.mark.parametrize("plays", [30_000, pytest.param(250_000, marks=pytest.mark.long)])
def test_two_files_of_one_person_at_the_same_time_are_both_there(sql: Connection, person: Person, plays: int) -> None:
    status = person.ended(person.upload(account_files(2, plays)))
    assert [file["insertedRecords"] for file in status["files"]] == [plays, plays]
    assert stored_plays(sql, person.id)[0] == 2 * plays
    jobs = rows(sql, "SELECT started_at, completed_at FROM file_processing_jobs WHERE user_id = %s", person.id)
    assert max(job["started_at"] for job in jobs) < min(job["completed_at"] for job in jobs)


def test_a_file_cut_in_the_middle_does_no_harm_to_a_good_one(sql: Connection, person: Person) -> None:
    whole, other = account_file(2_000), account_file(2_000, 1)
    status = person.ended(person.upload({"whole.json": whole, "cut.json": other[: len(other) // 2]}))
    assert [status[name] for name in ("totalFiles", "processedFiles", "failedFiles")] == [2, 2, 1]
    assert status["status"] == "completed"
    [good, cut] = status["files"]
    assert (good["status"], good["insertedRecords"]) == ("completed", 2_000)
    assert (cut["status"], cut["retryable"], cut["attempts"]) == ("failed", False, 1)
    assert cut["errorReason"]
    assert "again" in cut["errorMessage"]
    assert stored_plays(sql, person.id)[0] == 2_000


def test_a_status_that_is_read_all_the_time_never_disagrees_with_its_files(person: Person) -> None:
    files = account_files(40, 300) | {"cut.json": account_file(300)[:-100]}
    seen = list(readings(person, person.upload(files)))
    for status in seen:
        for name in RECORDS:
            assert status[name] == sum(file[name] for file in status["files"])
        assert status["processedFiles"] == sum(file["status"] in ENDED for file in status["files"])
        assert status["failedFiles"] == sum(file["status"] == "failed" for file in status["files"])
    assert [status["processedFiles"] for status in seen] == sorted(status["processedFiles"] for status in seen)
    assert len({status["processedFiles"] for status in seen}) > 3
    assert (seen[-1]["processedFiles"], seen[-1]["failedFiles"]) == (41, 1)


@pytest.mark.parametrize("plays", [50, pytest.param(500, marks=pytest.mark.long)])
def test_one_file_does_not_wait_for_two_hundred_of_somebody_else(people: Callable[[], Person], plays: int) -> None:
    busy, other = people(), people()
    many = busy.upload(account_files(MANY, plays))
    one = other.upload({"one.json": account_file(200)})
    assert other.ended(one)["status"] == "completed"
    meanwhile = busy.status(many)
    assert meanwhile["processedFiles"] < MANY // 2
    assert until(lambda: busy.status(many)["status"] == "completed", 100.0)
    assert busy.status(many)["insertedRecords"] == MANY * plays
