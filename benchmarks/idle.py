"""What open claim streams cost that have nothing to do: `python -m benchmarks.idle [STREAMS] [SECONDS]`."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.bench_stack import bench_stack, cpu_seconds, resident_mib
from benchmarks.figures import tell
from benchmarks.streams import Stream

ROUNDS = 3


async def measure(streams: int, seconds: float) -> None:
    """Prints a coordinator's share of a core and its memory, without streams (the baseline) and with them."""
    with bench_stack() as stack:
        ((pid, address),) = stack.coordinators
        await tell_cost("no stream", pid, seconds)
        opened = []
        for _ in range(streams):
            stream = await Stream(address).open()
            await stream.grant(5)
            opened.append(stream)
        await asyncio.sleep(5)
        await tell_cost(f"{streams} idle streams on as many connections", pid, seconds)
        for stream in opened:
            await stream.break_off()


async def tell_cost(what: str, pid: int, seconds: float) -> None:
    """Measures a few rounds of so many seconds."""
    shares = []
    for _ in range(ROUNDS):
        before = cpu_seconds(pid)
        await asyncio.sleep(seconds)
        shares.append((cpu_seconds(pid) - before) / seconds * 100)
    tell(f"{what}: share of a core", shares, "%")
    tell(f"{what}: resident memory", [resident_mib(pid)], "MiB")


if __name__ == "__main__":
    chosen = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(measure(*(chosen + [1_000, 20][len(chosen) :])))
