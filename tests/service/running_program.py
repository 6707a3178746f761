"""A Python program that runs beside a test."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

STOP_SECONDS = 30
RUN_SECONDS = 60


@asynccontextmanager
async def running(script: Path) -> AsyncIterator[None]:
    """Runs a program that stops by SIGTERM: at the end it must have stopped well, and complained of nothing."""
    process = await asyncio.create_subprocess_exec(sys.executable, script, cwd=script.parent, stderr=subprocess.PIPE)
    try:
        yield
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), STOP_SECONDS)
        assert (process.returncode, errors.decode()) == (0, "")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(script: Path) -> str:
    """Runs a program to its end, which must be a good one; what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        script,
        cwd=script.parent,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, errors = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    assert (process.returncode, errors.decode()) == (0, "")
    return said.decode()
