"""Workers made of plain functions: on the event loop, in threads, in processes."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coordinator_client import BlockingJobContext, JobContext, Worker
from coordinator_client.errors import LeaseLost
from coordinator_client.leases import Lease
from tests.service import typed_handlers
from tests.service.scripted_coordinator import ScriptedCoordinator, Stream, new_lease
from tests.service.typed_handlers import Task
from tests.service.worker_fixtures import scripted
from tests.waiting import eventually

# Another process has to be started, on a machine that may have a lot to do.
PROCESS_SECONDS = 60.0


@asynccontextmanager
async def serving(coordinator: ScriptedCoordinator, worker: Worker) -> AsyncIterator[Stream]:
    """A worker that runs until the end of the test; its stream."""
    run = asyncio.create_task(worker.serve(handle_signals=False))
    try:
        yield await coordinator.stream()
    finally:
        worker.stop()
        await asyncio.wait_for(run, 20)


def new_worker(coordinator: ScriptedCoordinator) -> Worker:
    return Worker(coordinator.address, queues=["notes"], name="w1", grace_seconds=0)


def send(stream: Stream, **job: object) -> Lease:
    lease = new_lease()
    stream.send_jobs([lease], **job)
    return lease


async def result_of(coordinator: ScriptedCoordinator, lease: Lease, seconds: float = 10.0) -> object:
    await eventually(lambda: lease in coordinator.results, seconds)
    return json.loads(coordinator.results[lease])


async def test_an_asynchronous_handler_gets_its_payload_and_its_context_and_returns_a_result() -> None:
    async with scripted() as coordinator:
        worker = new_worker(coordinator)

        @worker.job("note")
        async def note(job: JobContext, task: Task) -> dict[str, object]:
            await job.save_checkpoint(b"line 17")
            return {"was": job.checkpoint.decode(), "task": task, "thread": threading.get_ident()}

        async with serving(coordinator, worker) as stream:
            lease = send(stream, payload=b'{"path": "p"}', checkpoint=b"line 12")
            here = threading.get_ident()
            assert await result_of(coordinator, lease) == {"was": "line 12", "task": {"path": "p"}, "thread": here}
            assert [report.checkpoint for (report,) in coordinator.reports] == [b"line 17"]


async def test_a_synchronous_handler_blocks_nobody_and_speaks_through_its_context() -> None:
    may_end = threading.Event()
    async with scripted() as coordinator:
        worker = new_worker(coordinator)

        @worker.job("slow")
        def slow(job: BlockingJobContext) -> str:
            job.report_progress(1, 2, "half")
            assert may_end.wait(20)
            return job.payload.decode()

        @worker.job("quick")
        def quick() -> bool:
            return True

        async with serving(coordinator, worker) as stream:
            blocked = send(stream, kind="slow", payload=b"patience")
            await eventually(lambda: coordinator.reports)
            assert await result_of(coordinator, send(stream, kind="quick")) is True
            may_end.set()
            assert await result_of(coordinator, blocked) == "patience"


async def test_a_payload_that_does_not_fit_fails_for_good_and_the_handler_is_not_called() -> None:
    async with scripted() as coordinator:
        worker = new_worker(coordinator)

        @worker.job("note")
        def note(task: Task) -> None:
            raise AssertionError

        async with serving(coordinator, worker) as stream:
            send(stream, payload=b'{"path": 3}')
            (failure,) = await eventually(lambda: coordinator.failures)
            assert (failure.reason, failure.permanent) == ("PAYLOAD_INVALID", True)
            assert failure.message == "path: a text is needed, not a whole number."


async def test_a_thread_is_told_that_its_job_is_over_and_has_its_room_until_it_leaves() -> None:
    begun, may_look, refused = threading.Event(), threading.Event(), []
    async with scripted() as coordinator:
        worker = new_worker(coordinator)

        @worker.job("note")
        def note(job: BlockingJobContext) -> None:
            begun.set()
            assert may_look.wait(20)
            assert job.is_cancelled
            try:
                job.save_checkpoint(b"too late")
            except LeaseLost as error:
                refused.append(error)
                raise

        async with serving(coordinator, worker) as stream:
            lease = send(stream)
            # Cancelled before it has begun, it would never begin.
            await eventually(begun.is_set)
            stream.send_pong(cancelled=[lease])
            last = send(stream, kind="unknown")
            await eventually(lambda: [failure.token for failure in coordinator.failures] == [last.token])
            assert stream.credit.ended_total <= 1
            may_look.set()
            await eventually(lambda: stream.credit.ended_total == 2)
            assert refused
            assert not coordinator.reports


async def test_a_thread_that_does_not_leave_keeps_the_worker_from_nothing_when_that_stops() -> None:
    begun, may_end = threading.Event(), threading.Event()
    async with scripted() as coordinator:
        worker = new_worker(coordinator)

        @worker.job("note")
        def note() -> None:
            begun.set()
            may_end.wait(60)

        async with serving(coordinator, worker) as stream:
            lease = send(stream)
            await eventually(begun.is_set)
        assert coordinator.releases == [lease]
        may_end.set()


@pytest.fixture
async def processes() -> AsyncIterator[tuple[ScriptedCoordinator, Stream]]:
    """A worker whose handlers run in processes, one for each kind."""
    async with scripted() as coordinator:
        worker = new_worker(coordinator)
        for handler in ("describe", "fail_for_good", "put_off", "break_down", "die", "obey", "ignore"):
            worker.job(handler, cpu=True)(getattr(typed_handlers, handler))
        async with serving(coordinator, worker) as stream:
            yield coordinator, stream


async def test_a_handler_that_computes_runs_in_another_process_which_is_used_again(
    processes: tuple[ScriptedCoordinator, Stream],
) -> None:
    coordinator, stream = processes
    results = []
    for _ in range(2):
        lease = send(stream, kind="describe", payload=b'{"path": "p"}', checkpoint=b"!")
        results.append(await result_of(coordinator, lease, PROCESS_SECONDS))
        assert results[-1] == {**results[0], "job": str(lease), "attempt": 1, "task": {"path": "p"}}  # type: ignore[dict-item]
    assert results[0]["process"] != os.getpid()  # type: ignore[index]
    said = [report for reports in coordinator.reports for report in reports]
    assert [report.checkpoint for report in said] == [b"", b"!!"] * 2
    assert [report.progress.message for report in said] == ["half", ""] * 2


async def test_what_a_process_raises_is_what_becomes_of_the_job(
    processes: tuple[ScriptedCoordinator, Stream],
) -> None:
    coordinator, stream = processes
    for number, kind in enumerate(("fail_for_good", "break_down", "die"), 1):
        send(stream, kind=kind, payload=b"{}")
        await eventually(lambda: len(coordinator.failures) == number, PROCESS_SECONDS)  # noqa: B023
    send(stream, kind="put_off")
    (snoozed,) = await eventually(lambda: coordinator.snoozes, PROCESS_SECONDS)
    assert snoozed.delay.seconds == 60, "after a death there is another process"
    assert [(failure.reason, failure.message, failure.permanent) for failure in coordinator.failures] == [
        ("NO_GOOD", "never", True),
        ("HANDLER_ERROR", "The handler raised LookupError.", False),
        ("PROCESS_DIED", "The process in which the handler ran died.", False),
    ]


async def test_a_process_is_told_that_its_job_is_over_and_ended_where_it_does_not_leave(
    processes: tuple[ScriptedCoordinator, Stream], tmp_path: Path
) -> None:
    _, stream = processes
    leases = [
        send(stream, kind=kind, payload=json.dumps({"path": str(tmp_path / kind)}).encode())
        for kind in ("obey", "ignore")
    ]
    for kind in ("obey", "ignore"):
        await eventually((tmp_path / f"{kind}.begun").exists, PROCESS_SECONDS)
    stubborn = await eventually((tmp_path / "ignore.begun").read_text, PROCESS_SECONDS)
    stream.send_pong(cancelled=leases)
    await eventually(lambda: stream.credit.ended_total == 2, PROCESS_SECONDS)
    assert (tmp_path / "obey.left").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(stubborn), 0)
