"""Jobs and workers for tests that look on: workers whose jobs end when the test says so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from coordinator_client import JobContext, PermanentFailure, Producer, Worker, new_job, open_channel


async def enqueue(
    target: str, count: int = 1, *, queue: str = "images", kind: str = "resize", owner: str = "me", **job: Any
) -> list[str]:
    """Puts so many jobs into a queue; returns their ids."""
    jobs = [new_job(queue, kind, b"640", **job) for _ in range(count)]
    async with open_channel(target) as channel:
        return list((await Producer(channel).enqueue(owner, jobs)).job_ids)


@dataclass
class Gate:
    """What the jobs of a worker wait for, and what becomes of them then."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    def open(self) -> None:
        """Lets every job end."""
        self.opened.set()


@asynccontextmanager
async def working(
    target: str, *, name: str = "w1", queues: Sequence[str] = ("images",), kind: str = "resize", fails: bool = False
) -> AsyncIterator[Gate]:
    """Runs a worker: each job says that it is half way and waits at the gate; where it fails, it does so for good."""
    gate = Gate(failure=PermanentFailure("TOO_LARGE", "no more than 4096 wide") if fails else None)
    worker = Worker(target, queues=queues, name=name, grace_seconds=0)

    @worker.job(kind)
    async def resize(job: JobContext) -> dict[str, int]:
        await job.report_progress(1, 2, "half way")
        await gate.opened.wait()
        if gate.failure is not None:
            raise gate.failure
        return {"width": int(job.payload)}

    run = asyncio.create_task(worker.serve(handle_signals=False))
    try:
        yield gate
    finally:
        gate.open()
        worker.stop()
        await asyncio.wait_for(run, 20)


async def failed_jobs(target: str, count: int = 1) -> list[str]:
    """Has so many jobs fail for good; returns their ids."""
    ids = await enqueue(target, count)
    async with working(target, fails=True) as gate, open_channel(target) as channel:
        gate.open()
        for job_id in ids:
            await Producer(channel).finished_job("me", job_id)
    return ids
