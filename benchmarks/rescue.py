"""How long a job waits whose worker is lost: `python -m benchmarks.rescue [RUNS]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks.bench_stack import BenchStack, bench_stack
from benchmarks.figures import tell
from benchmarks.streams import Stream, complete, enqueue

Loss = Callable[[Stream], Awaitable[None]]


async def rescued(stack: BenchStack, lose: Loss) -> float:
    """Seconds from the loss of a worker until another one has its job."""
    (_, address) = stack.coordinators[-1]
    first, second = await Stream(address).open(), await Stream(address).open()
    await enqueue(first.channel)
    await first.grant(1)
    await first.jobs()
    await second.grant(1)
    began = time.monotonic()
    await lose(first)
    batch = await second.jobs()
    took = time.monotonic() - began
    await complete(second.channel, batch)
    await first.break_off()
    await second.break_off()
    return took


async def close(stream: Stream) -> None:
    """The worker's process has ended: its connection is closed."""
    await stream.break_off()


async def freeze(stream: Stream) -> None:
    """The worker's process is stopped: its connection stands, and nothing is said."""
    stream.freeze()


async def killed_coordinator() -> tuple[float, float]:
    """Seconds until a worker has its session again after its coordinator was killed; and until a lost one's job is."""
    with bench_stack(coordinators=2) as stack:
        (pid, here), (_, there) = stack.coordinators
        living, lost, other = await Stream(here).open(), await Stream(here).open(), await Stream(there).open()
        await enqueue(other.channel, 2)
        await living.grant(1)
        held = await living.jobs()
        await lost.grant(1)
        await lost.jobs()
        await other.grant(1)
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        await living.break_off()
        resumed = await Stream(there).open(living.secret, held.leases)
        back = time.monotonic() - began
        await complete(resumed.channel, held)
        await lost.break_off()
        batch = await other.jobs()
        rescued_after = time.monotonic() - began
        await complete(other.channel, batch)
        for stream in (resumed, other):
            await stream.break_off()
        return back, rescued_after


async def measure(runs: int) -> None:
    """Prints the four times."""
    with bench_stack() as stack:
        # A coordinator is patient for a lease after its start; what is measured here is a day like any other.
        await asyncio.sleep(16)
        tell("connection closed, job with another worker", [await rescued(stack, close) for _ in range(runs)], "s")
        tell("worker frozen, job with another worker", [await rescued(stack, freeze) for _ in range(runs)], "s")
    times = [await killed_coordinator() for _ in range(runs)]
    tell("coordinator killed, session resumed at another", [back for back, _ in times], "s")
    tell("coordinator and worker killed, job with another worker", [late for _, late in times], "s")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
