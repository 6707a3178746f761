"""What docs/worker.md shows is run as it stands there, against a real coordinator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from coordinator_client import Producer, new_job, open_channel
from coordinator_client.new_jobs import retry_policy
from protos.jobs.v1 import job_pb2
from tests.service.conftest import StartCoordinator
from tests.service.running_program import run, running
from tests.shown_code import ADDRESS, shown_files
from tests.waiting import eventually

COMPLETED, FAILED, SCHEDULED = (
    job_pb2.JOB_STATE_COMPLETED,
    job_pb2.JOB_STATE_FAILED,
    job_pb2.JOB_STATE_SCHEDULED,
)
# A process has to be started, on a machine that may have a lot to do.
SECONDS = 60.0

Write = Callable[[str], Path]


@pytest.fixture
async def target(start_coordinator: StartCoordinator) -> str:
    return f"127.0.0.1:{(await start_coordinator()).port}"


@pytest.fixture
def write(target: str, tmp_path: Path) -> Write:
    """Writes a file of the page, for the test's coordinator."""

    def write(name: str) -> Path:
        script = tmp_path / name
        script.write_text(shown_files("docs/worker.md")[name].replace(ADDRESS, target))
        return script

    return write


@pytest.fixture
async def worker(write: Write) -> AsyncIterator[None]:
    """The worker of the page, with all of its handlers."""
    script = write("worker.py")
    handlers = script.read_text()
    assert handlers.count("\nworker.run()\n") == 1
    script.write_text(handlers.replace("\nworker.run()\n", "\n") + "\n\nworker.run()\n")
    async with running(script):
        yield


@pytest.fixture
async def producer(target: str) -> AsyncIterator[Producer]:
    async with open_channel(target) as channel:
        yield Producer(channel)


async def becomes(
    producer: Producer, state: job_pb2.JobState.ValueType, kind: str, payload: Any, **fields: Any
) -> job_pb2.Job:
    """Enqueues a job and waits until it has come to a state after an attempt."""
    response = await producer.enqueue("me", [new_job("images", kind, payload, **fields)])

    async def there() -> job_pb2.Job | None:
        job = await producer.get_job("me", response.job_ids[0])
        return job if job.state == state and job.HasField("started_at") else None

    job = await eventually(there, SECONDS)
    assert job is not None
    return job


async def result(producer: Producer, kind: str, payload: Any, **fields: Any) -> Any:
    return json.loads((await becomes(producer, COMPLETED, kind, payload, **fields)).result)


@pytest.mark.usefixtures("worker")
async def test_each_handler_of_the_page_does_what_the_page_says(producer: Producer) -> None:
    assert await result(producer, "resize", {"width": 640}) == {"width": 320}
    assert await result(producer, "mail", {"to": "ada", "subject": "hello"}) == "sent to ada"
    assert await result(producer, "measure", b"\xff" * 7) == 7
    assert await result(producer, "hash", 2) == hashlib.sha256(hashlib.sha256(b"").digest()).hexdigest()
    refused = await becomes(producer, FAILED, "resize", {"width": "wide"})
    assert [(error.reason, error.message) for error in refused.errors] == [
        ("PAYLOAD_INVALID", "width: a whole number is needed, not a text.")
    ]


@pytest.mark.usefixtures("worker")
async def test_what_the_page_raises_becomes_of_the_job_what_the_page_says(producer: Producer) -> None:
    quick = retry_policy(base=0.01)
    fetched = await becomes(producer, COMPLETED, "fetch", "https://example.org", retry_policy=quick)
    assert (json.loads(fetched.result), fetched.attempt) == ("fetched", 2)
    assert [error.reason for error in fetched.errors] == ["NO_ANSWER"]
    failed = await becomes(producer, FAILED, "fetch", "ftp://example.org")
    assert (failed.attempt, failed.errors[0].reason) == (1, "NO_ADDRESS")
    snoozed = await becomes(producer, SCHEDULED, "fetch", "https://example.org/later")
    assert snoozed.attempt == 0


@pytest.mark.usefixtures("worker")
async def test_the_handler_of_the_page_goes_on_where_an_attempt_before_left_off(
    producer: Producer, owner_url: str
) -> None:
    lines = ["one", "two", "three"]
    done = await becomes(producer, COMPLETED, "import", lines)
    assert (json.loads(done.result), done.progress.done, done.progress.message) == ({"begun_at": 0}, 3, "line 3")
    response = await producer.enqueue("me", [new_job("images", "import", lines, delay=3_600)])
    with psycopg.connect(owner_url) as connection:
        connection.execute("UPDATE sluice.jobs SET checkpoint = '2', run_at = now() WHERE id = %s", [*response.job_ids])

    async def ended() -> str:
        return (await producer.get_job("me", response.job_ids[0])).result

    assert json.loads(await eventually(ended, SECONDS)) == {"begun_at": 2}


@pytest.mark.usefixtures("worker")
async def test_who_enqueues_as_the_page_shows_gets_the_result(write: Write) -> None:
    assert await run(write("enqueue.py")) == '{"width":320}\n'


async def test_a_hundred_people_enqueue_over_one_stream_as_the_page_shows(write: Write, owner_url: str) -> None:
    for _ in range(2):
        assert await run(write("enqueue_many.py")) == ""
    with psycopg.connect(owner_url) as connection:
        counts = connection.execute("SELECT count(*), count(DISTINCT owner) FROM sluice.jobs").fetchall()
    assert counts == [(100, 100)]
