"""Worker processes that do not let go of their event loop, or are stopped, at a real coordinator."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

import grpc.aio
import pytest

from coordinator.server import Coordinator
from protos.jobs.v1 import job_pb2, worker_service_pb2
from tests.service.calls import complete, enqueue, get_job, new_job
from tests.service.claim_stream import ClaimStream, claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

LEASE = {"lease_seconds": 1.5, "ping_seconds": 0.3}


@contextmanager
def stubborn_worker(coordinator: Coordinator) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the worker until the end of the test."""
    command = [sys.executable, "-m", "tests.service.stubborn_worker", f"127.0.0.1:{coordinator.port}"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("kind", ["sleep", "compute"])
async def test_a_handler_that_blocks_its_loop_for_three_leases_keeps_its_lease(
    start_coordinator: StartCoordinator, connect: Connect, kind: str
) -> None:
    coordinator = await start_coordinator(**LEASE)
    channel = connect(coordinator)
    (job_id,) = await enqueue(channel, new_job(b"4.5", kind=kind))
    with stubborn_worker(coordinator):
        job = await until_completed(channel, job_id)
    assert (job.attempt, len(job.errors), job.result) == (1, 0, f'{{"by":"{kind}"}}')


async def until_completed(channel: grpc.aio.Channel, job_id: UUID) -> job_pb2.Job:
    async def completed() -> job_pb2.Job:
        job = await get_job(channel, job_id)
        assert job.state == job_pb2.JOB_STATE_COMPLETED
        return job

    return await eventually(completed, timeout=30)


@asynccontextmanager
async def pinging(stream: ClaimStream) -> AsyncIterator[None]:
    """Keeps a stream's session alive."""

    async def ping() -> None:
        while True:
            await stream.say(ping=worker_service_pb2.Ping())
            await asyncio.sleep(LEASE["ping_seconds"])

    task = asyncio.create_task(ping())
    try:
        yield
    finally:
        task.cancel()


async def test_a_worker_whose_process_is_stopped_loses_its_lease_and_writes_nothing_when_it_wakes(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    coordinator = await start_coordinator(**LEASE)
    channel = connect(coordinator)
    (job_id,) = await enqueue(channel, new_job(b"1", kind="sleep"))
    with stubborn_worker(coordinator) as process:

        async def is_processing() -> bool:
            return (await get_job(channel, job_id)).state == job_pb2.JOB_STATE_PROCESSING

        await eventually(is_processing)
        os.kill(process.pid, signal.SIGSTOP)
        async with claim_stream(channel, kinds=("sleep",), worker="second") as stream, pinging(stream):
            await stream.grant(1)
            batch = await stream.jobs()
            assert list(batch.attempts) == [2]
            os.kill(process.pid, signal.SIGCONT)
            # It is at work again, and so has told whatever it had to tell, once it has done another job.
            (other,) = await enqueue(channel, new_job(b"0", kind="compute"))
            await until_completed(channel, other)
            job = await get_job(channel, job_id)
            assert (job.state, job.attempt) == (job_pb2.JOB_STATE_PROCESSING, 2)
            assert await complete(channel, *leased(batch), results=['"second"']) == []
    job = await get_job(channel, job_id)
    assert (job.result, [error.reason for error in job.errors]) == ('"second"', ["WORKER_LOST"])
