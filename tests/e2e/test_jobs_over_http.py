"""An application that speaks HTTP alone has jobs done by its own worker, and follows them, over the whole stack."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from coordinator_client import JobContext, Worker
from tests.e2e.person import Person, new_person
from tests.e2e.running_stack import RunningStack, running_stack

WISH = {"queue": "images", "kind": "resize", "payload": {"width": 640}}


@pytest.fixture(scope="module")
def open_stack(quick_folder: Path) -> Iterator[RunningStack]:
    """A stack with one queue that is open to people."""
    folder = quick_folder / "open stack"
    with running_stack(folder, "--coordinators", "2", "--workers", "1", SLUICE_JOB_QUEUES="images:resize") as running:
        yield running


@pytest.fixture
def person(open_stack: RunningStack) -> Iterator[Person]:
    with new_person(open_stack.http) as somebody:
        yield somebody


@contextmanager
def resizing(target: str, may_end: threading.Event) -> Iterator[None]:
    """A worker that tells of its progress, and goes on when it may."""
    worker = Worker(target, queues=["images"], grace_seconds=1)

    @worker.job("resize")
    async def resize(job: JobContext, payload: dict[str, int]) -> dict[str, int]:
        await job.report_progress(1, 2, "half way")
        await asyncio.to_thread(may_end.wait, 30)
        return {"width": payload["width"] // 2}

    thread = threading.Thread(target=lambda: asyncio.run(worker.serve(handle_signals=False)))
    thread.start()
    try:
        yield
    finally:
        may_end.set()
        worker.stop()
        thread.join(20)


def follow(person: Person, job_id: str, heard: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
    """Reads the events of a job to their end."""
    states = []
    with person.client.stream("GET", f"/api/jobs/{job_id}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line.removeprefix("data: ")))
                heard(states[-1])
    return states


def test_a_job_is_followed_from_its_beginning_to_its_result(open_stack: RunningStack, person: Person) -> None:
    may_end = threading.Event()
    accepted = person.client.post("/api/jobs", json=WISH, headers={"Idempotency-Key": "k"})
    assert accepted.status_code == 202
    job_id = accepted.json()["jobId"]

    def heard(state: dict[str, Any]) -> None:
        if state["progress"]:
            may_end.set()

    with resizing(open_stack.grpc, may_end):
        states = follow(person, job_id, heard)
    assert {"done": 1, "total": 2, "message": "half way"} in [state["progress"] for state in states]
    assert (states[-1]["state"], states[-1]["result"]) == ("completed", {"width": 320})
    assert states[-1] == person.client.get(f"/api/jobs/{job_id}").json()
    again = person.client.post("/api/jobs", json=WISH, headers={"Idempotency-Key": "k"})
    assert again.json()["jobId"] == job_id


def test_a_cancelled_job_ends_its_stream(person: Person) -> None:
    job_id = person.client.post("/api/jobs", json=WISH).json()["jobId"]

    def cancel(state: dict[str, Any]) -> None:
        if state["state"] == "pending":
            assert person.client.post(f"/api/jobs/{job_id}/cancel").status_code == 200

    assert [state["state"] for state in follow(person, job_id, cancel)] == ["pending", "cancelled"]


def test_what_is_not_open_to_people_is_not_found(person: Person) -> None:
    assert person.client.post("/api/jobs", json=WISH | {"queue": "ingest", "kind": "ingest"}).status_code == 404
