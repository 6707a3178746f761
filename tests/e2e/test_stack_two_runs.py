"""Two runs on the same data: the first with the demo, killed in the middle of a file; the second goes on from there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from export_formats.samples import expected_plays, sample_export
from tests.e2e.made_files import account_file
from tests.e2e.person import Person, new_person
from tests.e2e.running_stack import STOP_SECONDS, RunningStack, running_stack
from tests.e2e.until import until

DEMO_USER = "de300000-0000-4000-8000-000000000001"
SOMEBODY = "50000000-0000-4000-8000-000000000005"
ROWS = 60_000


@dataclass(frozen=True)
class Run:
    """What a run printed behind its ready line, and the upload that was under way at its end."""

    lines: list[str]
    upload_id: str


def printed_by_the_demo(stack: RunningStack) -> list[str]:
    """Reads on to the dashboard's address, which comes last."""
    lines = [stack.read_line()]
    while lines[-1] and not lines[-1].startswith("The dashboard:"):
        lines.append(stack.read_line())
    assert lines[-1] == f"The dashboard: {stack.http}/dashboard\n"
    return lines


def begun_upload(person: Person) -> str:
    """Uploads a large file and returns when a worker has it."""
    upload_id = person.upload({"large.json": account_file(ROWS)})
    until(lambda: person.status(upload_id)["status"] == "processing")
    return upload_id


@pytest.fixture(scope="module")
def first_run(quick_folder: Path) -> Run:
    """A run that is over."""
    with running_stack(quick_folder / "two-runs", demo=True) as stack, new_person(stack.http, SOMEBODY) as person:
        lines = printed_by_the_demo(stack)
        upload_id = begun_upload(person)
        stack.process.kill()
        until(lambda: not stack.living(), STOP_SECONDS)
    return Run(lines, upload_id)


@pytest.fixture(scope="module")
def second_run(quick_folder: Path, first_run: Run) -> Iterator[RunningStack]:
    """The next run on the same data."""
    with running_stack(quick_folder / "two-runs", "--workers", "2", demo=True) as stack:
        yield stack


@pytest.fixture
def person(second_run: RunningStack) -> Iterator[Person]:
    """Whose file was under way when the first run was killed."""
    with new_person(second_run.http, SOMEBODY) as somebody:
        yield somebody


def test_the_demo_shows_its_progress_and_brings_every_play_of_the_sample(first_run: Run) -> None:
    sample = sample_export()
    assert first_run.lines[0] == "Ingesting a sample export of a person who does not exist.\n"
    assert f"{len(sample)} of {len(sample)} files" in first_run.lines[-3]
    assert first_run.lines[-2] == f"The demo user has {expected_plays(sample).plays:,} plays.\n"


def test_the_next_run_finds_the_demos_plays_and_ingests_nothing_twice(second_run: RunningStack) -> None:
    plays = expected_plays(sample_export()).plays
    assert printed_by_the_demo(second_run)[0] == f"The demo user has {plays:,} plays from an earlier run.\n"
    with new_person(second_run.http, DEMO_USER) as demo_user:
        assert demo_user.overview()["plays"] == plays
        assert len(demo_user.client.get("/api/uploads").json()["items"]) == 1


def test_a_file_under_way_when_the_stack_was_killed_is_done_by_the_next_run(first_run: Run, person: Person) -> None:
    [file] = person.ended(first_run.upload_id)["files"]
    assert (file["status"], file["insertedRecords"], file["attempts"]) == ("completed", ROWS, 2)
    assert person.overview()["plays"] == ROWS


def test_a_postgresql_that_dies_is_started_again_at_its_address(second_run: RunningStack, person: Person) -> None:
    postgres = second_run.pid_of("bin/postgres -D")
    assert postgres is not None
    os.kill(postgres, signal.SIGKILL)
    until(lambda: "PostgreSQL ended: it is started again.\n" in second_run.said())
    until(lambda: person.client.get("/readyz").status_code == 200)
    assert person.upload({"history.json": account_file(10)})


def test_a_signal_in_the_middle_of_a_file_stops_all_within_ten_seconds(
    second_run: RunningStack, person: Person
) -> None:
    begun_upload(person)
    assert second_run.stop(signal.SIGTERM) == 0
    assert second_run.living() == {}
