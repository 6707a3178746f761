"""Files made to do harm, through the front door of a running stack with its real limits.

Each is refused for its reason or read as is told of it, at the first attempt, in little memory and a bounded time; the
good file beside it comes in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from export_formats.samples import write_zip
from tests.e2e.peak_memory import WORKERS, peak_memory
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows
from tests.e2e.running_stack import RunningStack
from tests.hostile_archives import GOOD_ROWS, HostileArchive, NotOpened, Opened, archive_bombs, hostile_archives
from tests.hostile_bombs import hostile_bombs, slow_bombs
from tests.hostile_files import GOOD, Hostile, Read, Refused, hostile_files

GOOD_NAME = "good.json"
WORKER_MIB = 300
PATIENCE_SECONDS = 60.0
LONG_PATIENCE_SECONDS = 400.0

Form = list[tuple[str, tuple[str, Any]]]
Note = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def processes_stay_up(stack: RunningStack) -> Iterator[None]:
    """No worker, coordinator or gateway dies of it."""
    before = {pid for pid, command in stack.living().items() if "-m " in command}
    yield
    assert before <= stack.living().keys()


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Leaves a figure in the report of a test, where one asks for --junitxml."""
    return lambda name, value: request.node.user_properties.append((name, value))


def sent(person: Person, files: Iterable[tuple[str, Any]]) -> tuple[dict[str, str], dict[str, Any]]:
    """Uploads files as a form; the reasons of those that the gateway refuses, and the upload's status at its end."""
    form = [("files", file) for file in files]
    accepted = person.client.post("/api/uploads/json", files=form, timeout=LONG_PATIENCE_SECONDS)
    assert accepted.status_code == 202, accepted.text
    answer = accepted.json()
    refused = {error["filename"]: error["reason"] for error in answer["errors"]}
    return refused, person.ended(answer["uploadJobId"], LONG_PATIENCE_SECONDS)


def outcomes(refused: dict[str, str], status: dict[str, Any]) -> dict[str, Read | Refused]:
    """Tells what became of each file; whatever it is, it was found out at the first attempt."""
    found: dict[str, Read | Refused] = {name: Refused(reason) for name, reason in refused.items()}
    for file in status["files"]:
        assert (file["attempts"], file["retryable"]) == (1, False), file
        counts = [file[f"{name}Records"] for name in ("total", "inserted", "duplicate", "rejected")]
        assert counts[0] == sum(counts[1:])
        rejections = {each["reason"]: each["count"] for each in file["rejections"]}
        is_read = file["status"] == "completed"
        found[file["filename"]] = Read(file["totalRecords"], rejections) if is_read else Refused(file["errorReason"])
    return found


def differing(found: dict[str, Read | Refused], expected: dict[str, Hostile]) -> dict[str, object]:
    """Gives what became of files otherwise than is told of them, by what is wrong with them."""
    assert found.pop(GOOD_NAME) == Read(GOOD_ROWS)
    assert found.keys() == expected.keys()
    return {file.name: found[name] for name, file in expected.items() if found[name] != file.outcome}


def numbered(files: Iterable[Hostile]) -> dict[str, Hostile]:
    return {f"endsong_{number}.json": file for number, file in enumerate(files)}


def test_hostile_files_in_a_form_come_to_what_they_deserve_and_the_good_one_comes_in(person: Person) -> None:
    files = numbered(hostile_files())
    form = [*((name, file.content) for name, file in files.items()), (GOOD_NAME, GOOD)]
    assert differing(outcomes(*sent(person, form)), files) == {}


def test_hostile_files_in_an_archive_come_to_what_they_deserve_and_the_good_one_comes_in(person: Person) -> None:
    # An archive is not looked through for gzip, nor for archives under other names.
    files = numbered(file for file in hostile_files() if file.content[:2] not in {b"\x1f\x8b", b"PK"})
    contents = {name: file.content for name, file in files.items()}
    status = person.ended(person.upload_archive(write_zip({**contents, GOOD_NAME: GOOD})))
    refused = {error["filename"]: error["reason"] for error in status["errors"]}
    assert differing(outcomes(refused, status), files) == {}


def send_archive(person: Person, archive: HostileArchive, path: Path) -> httpx.Response:
    with archive.save(path).open("rb") as content:
        form = {"file": ("my_data.zip", content)}
        return person.client.post("/api/uploads/zip", files=form, timeout=LONG_PATIENCE_SECONDS)


def became_of_archive(sql: Connection, person: Person, response: httpx.Response) -> Opened | NotOpened:
    """Tells what became of an archive, which was opened at the first attempt or not at all."""
    answer = response.json()
    if "uploadJobId" not in answer:
        return NotOpened(answer["reason"], at_the_door=True)
    status = person.ended(answer["uploadJobId"], PATIENCE_SECONDS)
    query = "SELECT attempts, error_reason FROM upload_files WHERE upload_id = %s AND archive"
    [itself] = rows(sql, query, status["id"])
    assert itself["attempts"] == 1
    if itself["error_reason"] is not None:
        assert response.status_code == 400
        assert status["status"] == "failed"
        assert status["errorReason"] == itself["error_reason"] == answer["errors"][0]["reason"]
        return NotOpened(itself["error_reason"])
    refused = {error["filename"]: error["reason"] for error in status["errors"]}
    for file in status["files"]:
        assert (file["status"], file["attempts"], file["totalRecords"]) == ("completed", 1, GOOD_ROWS), file
    return Opened(tuple(file["filename"] for file in status["files"]), refused, status["skippedFiles"] - len(refused))


@pytest.mark.parametrize("archive", [*hostile_archives()], ids=lambda archive: archive.name)
def test_a_hostile_archive_comes_to_what_it_deserves_and_what_is_good_in_it_or_beside_it_comes_in(
    sql: Connection, person: Person, tmp_path: Path, archive: HostileArchive
) -> None:
    beside = person.upload({GOOD_NAME: GOOD})
    response = send_archive(person, archive, tmp_path / "archive.zip")
    assert became_of_archive(sql, person, response) == archive.outcome
    assert person.ended(beside)["status"] == "completed"
    assert person.overview()["plays"] == GOOD_ROWS


@pytest.mark.parametrize("archive", [*archive_bombs()], ids=lambda archive: archive.name)
def test_a_bomb_in_an_archive_takes_little_memory_and_time(
    stack: RunningStack,
    sql: Connection,
    person: Person,
    tmp_path: Path,
    archive: HostileArchive,
    note: Note,
) -> None:
    began = time.monotonic()
    with peak_memory(stack) as peak:
        response = send_archive(person, archive, tmp_path / "archive.zip")
        outcome = became_of_archive(sql, person, response)
    note("peak", peak.mebibytes)
    assert outcome == archive.outcome
    assert peak.mebibytes[WORKERS] < WORKER_MIB
    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("file", "patience"),
    [
        *(pytest.param(file, PATIENCE_SECONDS, id=file.name) for file in hostile_bombs()),
        *(
            pytest.param(file, LONG_PATIENCE_SECONDS, id=file.name, marks=[pytest.mark.long, pytest.mark.timeout(900)])
            for file in slow_bombs()
        ),
    ],
)
def test_a_bomb_comes_to_what_it_deserves_in_little_memory_and_time(
    stack: RunningStack, person: Person, tmp_path: Path, file: Hostile, patience: float, note: Note
) -> None:
    path = file.save(tmp_path / "bomb.json")
    began = time.monotonic()
    with peak_memory(stack) as peak, path.open("rb") as content:
        found = outcomes(*sent(person, [("bomb.json", content), (GOOD_NAME, GOOD)]))
    note("peak", peak.mebibytes)
    note("seconds", round(time.monotonic() - began, 1))
    assert found == {"bomb.json": file.outcome, GOOD_NAME: Read(GOOD_ROWS)}
    assert peak.mebibytes[WORKERS] < WORKER_MIB
    assert time.monotonic() - began < patience
