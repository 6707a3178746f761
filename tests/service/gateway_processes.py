"""The gateway as a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.service.running_gateway import SECRET


async def start(**environment: str) -> Process:
    """Starts the process with these settings, on a free port."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        env={"PATH": os.environ["PATH"], "SUPABASE_JWT_SECRET": SECRET, "SLUICE_HTTP_PORT": "0", **environment},
        stdout=PIPE,
        stderr=PIPE,
    )


@asynccontextmanager
async def serving(**environment: str) -> AsyncIterator[tuple[Process, str]]:
    """Runs the process until its ready line; gives it and its address."""
    process = await start(**environment)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        assert line.startswith("gateway ready http=http://127.0.0.1:")
        yield process, line.removeprefix("gateway ready http=").strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def peak_bytes(process: Process) -> int:
    """The most memory that the process ever had."""
    [line] = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024
