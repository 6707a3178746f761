"""A worker whose handlers do not let go of its event loop: `python -m tests.service.stubborn_worker ADDRESS`."""

import asyncio
import sys
import time

from coordinator_client.channel import open_channel
from coordinator_client.job_context import JobContext
from coordinator_client.worker import WorkerRuntime


async def sleep(context: JobContext) -> dict[str, str]:
    """Blocks the event loop for as many seconds as the payload says."""
    time.sleep(float(context.payload))  # noqa: ASYNC251 - that is the point
    return {"by": "sleep"}


async def compute(context: JobContext) -> dict[str, str]:
    """Keeps the processor busy, and the interpreter's lock with it."""
    until = time.monotonic() + float(context.payload)
    rounds = 0
    while time.monotonic() < until:
        rounds += sum(range(1000))
    return {"by": "compute"}


if __name__ == "__main__":
    runtime = WorkerRuntime(
        lambda: open_channel(sys.argv[1]),
        worker="stubborn",
        queues=["default"],
        handlers={"sleep": sleep, "compute": compute},
        concurrency=1,
    )
    asyncio.run(runtime.run())
