"""An operator has a worker end: it finishes what it holds, takes nothing more, and leaves."""

from __future__ import annotations

import asyncio

from coordinator_client import Operator, Producer, Worker, new_job, open_channel
from protos.jobs.v1 import job_pb2
from tests.service.conftest import StartCoordinator
from tests.waiting import eventually


async def test_a_worker_that_an_operator_drains_finishes_what_it_holds_and_its_run_returns(
    start_coordinator: StartCoordinator,
) -> None:
    target = f"127.0.0.1:{(await start_coordinator()).port}"
    begun, may_end = asyncio.Event(), asyncio.Event()
    worker = Worker(target, queues=["q"], name="leaver", concurrency=1)

    @worker.job("k")
    async def handler() -> str:
        begun.set()
        await may_end.wait()
        return "done"

    async with open_channel(target) as channel:
        producer, operator = Producer(channel), Operator(channel)
        first, second = (await producer.enqueue("me", [new_job("q", "k"), new_job("q", "k")])).job_ids
        run = asyncio.create_task(worker.serve(handle_signals=False))
        await asyncio.wait_for(begun.wait(), 10)
        (session,) = [held async for held in operator.list_workers()]
        assert session.name == "leaver"
        assert await operator.drain_worker(session.session_id)
        may_end.set()
        await asyncio.wait_for(run, 20)

        async def ended() -> int:
            return [(await producer.get_job("me", job_id)).state for job_id in (first, second)].count(
                job_pb2.JOB_STATE_COMPLETED
            )

        assert await eventually(ended) == 1
        assert [held async for held in operator.list_workers()] == []
