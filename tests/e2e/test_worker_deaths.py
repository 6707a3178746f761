"""A worker that is killed, or told to leave, in the middle of a file."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.made_files import account_file
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, holder_of, stored_plays
from tests.e2e.running_stack import is_alive
from tests.e2e.until import until

ROWS = 120_000


@pytest.fixture(scope="module")
def large_file() -> bytes:
    """A file that takes a worker seconds."""
    return account_file(ROWS)


def interrupted(sql: Connection, person: Person, large_file: bytes, number: signal.Signals) -> dict[str, object]:
    """Uploads the file, sends a signal to the worker that has it, and returns the file as it ends."""
    upload_id = person.upload({"large.json": large_file})
    [file] = person.status(upload_id)["files"]
    worker = until(lambda: holder_of(sql, file["id"]))
    assert worker is not None
    os.kill(worker, number)
    until(lambda: not is_alive(worker))
    [file] = person.ended(upload_id)["files"]
    return dict(file)


def assert_every_row_once(sql: Connection, person: Person, file: dict[str, object]) -> None:
    assert (file["status"], file["totalRecords"], file["insertedRecords"]) == ("completed", ROWS, ROWS)
    assert stored_plays(sql, person.id)[0] == ROWS


def test_a_file_whose_worker_is_killed_is_done_by_another_and_every_row_is_there_once(
    sql: Connection, person: Person, large_file: bytes
) -> None:
    file = interrupted(sql, person, large_file, signal.SIGKILL)
    assert file["attempts"] == 2
    assert_every_row_once(sql, person, file)


def test_a_worker_that_is_told_to_leave_finishes_its_file_or_gives_it_back_without_spending_an_attempt(
    sql: Connection, person: Person, large_file: bytes
) -> None:
    file = interrupted(sql, person, large_file, signal.SIGTERM)
    assert file["attempts"] == 1
    assert_every_row_once(sql, person, file)
