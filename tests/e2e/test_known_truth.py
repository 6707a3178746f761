"""Generated histories in all formats through the front door: what is stored is the truth, play by play."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from export_formats.samples import Truth, every_export, other_files, tell_truth, write_zip
from stack.postgres_admin import ensure_database
from tests.e2e.person import Person, new_person
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.running_stack import RunningStack, running_stack
from tests.told_plays import assert_told_plays

Files = dict[str, bytes]

REPEATED = 4
PLACES_TOLD = 100
RECORDS = ("totalRecords", "insertedRecords", "duplicateRecords", "rejectedRecords", "supersededRecords")
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Life:
    """What somebody has kept, and what is true of it."""

    files: Files
    truth: Truth


@dataclass(frozen=True)
class Sent:
    """The names of an upload's files in their order, and the upload's status at its end."""

    names: list[str]
    status: dict[str, Any]


@pytest.fixture(scope="module", params=[18_000, pytest.param(150_000, marks=pytest.mark.long)])
def life(request: pytest.FixtureRequest) -> Life:
    """All exports of one person; of each play some three rows."""
    files = every_export(seed=41, plays=request.param)
    truth = tell_truth(files)
    assert sum(told.total_rows for told in truth.files.values()) >= 50_000
    return Life(files, truth)


@pytest.fixture(scope="module")
def crowd(stack: RunningStack) -> Iterator[RunningStack]:
    """A stack of two coordinators and four workers, on a database of its own."""
    arguments = ["--database-url", ensure_database(stack.database, "truth"), "--coordinators", "2", "--workers", "4"]
    with running_stack(stack.data_dir.parent / "truth", *arguments) as running:
        yield running


def shuffled(life: Life, seed: int) -> list[str]:
    """Gives the names of all files in a random order, some of them twice."""
    rng = random.Random(seed)
    names = [*life.files, *rng.sample([*life.files], REPEATED)]
    rng.shuffle(names)
    return names


def numbered(life: Life, names: list[str]) -> Files:
    """Gives files in an order, a name that comes twice under two."""
    return {f"{number}/{name}": life.files[name] for number, name in enumerate(names)}


def send_files(person: Person, life: Life, names: list[str]) -> Sent:
    """Uploads files as a form, every other one compressed."""
    files = numbered(life, names)
    some_compressed = {
        name: gzip.compress(content, 1) if number % 2 else content
        for number, (name, content) in enumerate(files.items())
    }
    return Sent(names, person.ended(person.upload(some_compressed), PATIENCE_SECONDS))


def send_archive(person: Person, life: Life, names: list[str]) -> Sent:
    """Uploads files as an archive, with what else is in one."""
    others = other_files(technical_logs=20)
    upload_id = person.upload_archive(write_zip({**others, **numbered(life, names)}))
    sent = Sent(names, person.ended(upload_id, PATIENCE_SECONDS))
    assert sent.status["skippedFiles"] == len(others)
    return sent


def send_at_the_same_time(person: Person, life: Life, seed: int) -> list[Sent]:
    """Uploads one half as a form and the other as an archive, beside each other."""
    names = shuffled(life, seed)
    half = len(names) // 2
    with ThreadPoolExecutor(2) as pool:
        sending = [
            pool.submit(send_files, person, life, names[:half]),
            pool.submit(send_archive, person, life, names[half:]),
        ]
        return [each.result() for each in sending]


def assert_it_adds_up(sent: Sent, truth: Truth) -> None:
    """Each file has the rows and rejections that are in it, and the sums are right everywhere."""
    status = sent.status
    assert (status["status"], status["failedFiles"], status["totalFiles"]) == ("completed", 0, len(sent.names))
    for file, name in zip(status["files"], sent.names, strict=True):
        told = truth.files[name]
        assert file["filename"] == name.rpartition("/")[2]
        assert file["totalRecords"] == told.total_rows
        assert {each["reason"]: each["count"] for each in file["rejections"]} == told.rejections
        assert file["rejectedRecords"] == sum(told.rejections.values())
        assert file["insertedRecords"] <= told.different_plays
    rejected = [(index, *row) for index, name in enumerate(sent.names) for row in truth.files[name].rejected_rows]
    assert [(row["fileIndex"], row["row"], row["reason"]) for row in status["rejectedRows"]] == rejected[:PLACES_TOLD]
    for counts in (status, *status["files"]):
        total, *parts = (counts[name] for name in RECORDS[:4])
        assert total == sum(parts)
    for name in RECORDS:
        assert status[name] == sum(file[name] for file in status["files"])


def assert_all_is_true(connection: Connection, person: Person, life: Life, sent: list[Sent]) -> None:
    """Every file adds up, and what is left of all of them together is the truth, to the play."""
    for each in sent:
        assert_it_adds_up(each, life.truth)
    kept = sum(each.status["insertedRecords"] - each.status["supersededRecords"] for each in sent)
    expected = life.truth.expected
    assert kept == expected.plays
    assert_told_plays(connection, person.id, life.truth)
    assert stored_plays(connection, person.id) == (expected.plays, expected.ms_played)
    overview = person.overview()
    assert (overview["plays"], overview["msPlayed"]) == (expected.plays, expected.ms_played)


def test_all_formats_by_two_uploads_at_once_through_two_coordinators_give_the_true_plays(
    crowd: RunningStack, life: Life
) -> None:
    with (
        psycopg.connect(crowd.database, autocommit=True, row_factory=psycopg.rows.dict_row) as connection,
        new_person(crowd.http) as person,
    ):
        sent = send_at_the_same_time(person, life, seed=1)
        assert_all_is_true(connection, person, life, sent)
        assert any(each.status["supersededRecords"] for each in sent)


def test_another_order_on_another_stack_gives_the_same_plays_and_a_repeat_of_all_adds_none(
    sql: Connection, person: Person, life: Life
) -> None:
    sent = send_at_the_same_time(person, life, seed=2)
    assert_all_is_true(sql, person, life, sent)
    again = send_archive(person, life, [*life.files])
    assert (again.status["insertedRecords"], again.status["supersededRecords"]) == (0, 0)
    assert_all_is_true(sql, person, life, [*sent, again])
