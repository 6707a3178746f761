"""Records what `sluice top` shows of a stack at work: `python -m benchmarks.live_view` writes docs/live-view.txt."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.bench_stack import bench_stack
from coordinator_client import JobContext, PermanentFailure, Producer, Worker, new_job, open_channel
from tests.terminal import terminal

RECORDING = Path(__file__).parents[1] / "docs" / "live-view.txt"
COLUMNS, ROWS = 132, 14
# When a picture is taken, in seconds from the first.
MOMENTS = (0, 4, 8)
PARTS = 8


def queue_worker(target: str, name: str, queue: str, chance: random.Random) -> Worker:
    """Makes a worker of a queue: pictures take a second or two in parts, mails fail now and then."""
    worker = Worker(target, queues=[queue], name=name, concurrency=3)

    @worker.job("resize")
    async def resize(job: JobContext) -> None:
        for part in range(PARTS):
            await job.report_progress(part, PARTS, "tiles")
            await asyncio.sleep(chance.uniform(0.05, 0.4))

    @worker.job("send")
    async def send() -> None:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        if chance.random() < 0.2:
            raise PermanentFailure("NO_SUCH_ADDRESS", "nobody lives there")

    return worker


@asynccontextmanager
async def at_work(target: str) -> AsyncIterator[None]:
    """Has three workers work on two queues within the block."""
    chance = random.Random(5)  # noqa: S311 - for the look of it
    async with open_channel(target) as channel:
        producer = Producer(channel)
        for owner, count in (("ada", 60), ("grace", 8)):
            await producer.enqueue(owner, [new_job("images", "resize", b"640") for _ in range(count)])
        await producer.enqueue("ada", [new_job("mail", "send") for _ in range(40)])
        await producer.enqueue("ada", [new_job("mail", "send", delay=3600) for _ in range(5)])
    async with AsyncExitStack() as stack:
        for name, queue in (("w1", "images"), ("w2", "images"), ("w3", "mail")):
            worker = queue_worker(target, name, queue, chance)
            task = asyncio.create_task(worker.serve(handle_signals=False))
            stack.push_async_callback(asyncio.wait_for, task, 20)
            stack.callback(worker.stop)
        yield


async def record(target: str) -> list[str]:
    """Returns what the view shows of queues at work, at each moment."""
    async with at_work(target):
        return await pictures(target)


async def pictures(target: str) -> list[str]:
    """Looks at the live view in a terminal at each moment."""
    command = [sys.executable, "-m", "coordinator_client.command_line", "top"]
    environment = {**os.environ, "TERM": "xterm-256color", "SLUICE_COORDINATOR_TARGET": target}
    taken, before = [], 0
    async with terminal(command, columns=COLUMNS, rows=ROWS, environment=environment) as top:
        await top.shows("w3")
        for moment in MOMENTS:
            await asyncio.sleep(moment - before)
            taken.append((await top.shows("w3")).rstrip())
            before = moment
        top.type("q")
        await top.status()
    return taken


def main() -> None:
    """Writes the recording."""
    with bench_stack() as stack:
        taken = asyncio.run(record(stack.coordinators[0][1]))
    told = (f"{moment} s\n{'-' * COLUMNS}\n{picture}\n" for moment, picture in zip(MOMENTS, taken, strict=True))
    RECORDING.write_text("\n".join(told))


if __name__ == "__main__":
    main()
