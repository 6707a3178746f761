"""What docs/operate.md says of the command line: its commands run, its exit codes are these, its recording is one."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from benchmarks.live_view import COLUMNS, MOMENTS, RECORDING
from coordinator_client import Producer, open_channel
from coordinator_client.command_line.failures import EXIT_CODES
from tests.service.administering import run_sql
from tests.service.commands import Shell
from tests.service.conftest import StartCoordinator
from tests.service.queue_work import enqueue, failed_jobs, working

PAGE = (Path(__file__).parents[2] / "docs" / "operate.md").read_text()
SECTION = PAGE.partition("## From the command line\n")[2].partition("\n## ")[0]


@pytest.fixture
async def busy(start_coordinator: StartCoordinator, owner_url: str) -> Shell:
    """The command line, aimed at a coordinator with a job that failed, one that completed long ago, and an act."""
    shell = Shell(f"127.0.0.1:{(await start_coordinator()).port}")
    (job_id,) = await enqueue(shell.target)
    async with working(shell.target) as gate, open_channel(shell.target) as channel:
        gate.open()
        await Producer(channel).finished_job("me", job_id)
    run_sql(owner_url, "UPDATE sluice.job_history SET finished_at = finished_at - interval '3 h'")
    await failed_jobs(shell.target)
    await shell.pipe("reap")
    return shell


async def test_every_command_of_the_page_does_what_it_says(busy: Shell) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    assert len(blocks) == 2
    # The program as it is installed, not only the module.
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SLUICE_COORDINATOR_TARGET": busy.target,
    }
    out = b""
    async with working(busy.target):
        for block in blocks:
            process = await asyncio.create_subprocess_exec(
                *("bash", "-euo", "pipefail", "-x", "-c", block),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await asyncio.wait_for(process.communicate(), 100)
            assert process.returncode == 0, f"{out.decode()}\n{err.decode()}"
            assert b"Error" not in err
    assert b"it did not complete\n1 job redriven.\nimages is paused.\n" in out
    assert b"w1 (" in out
    assert b"1 job removed.\n" in out


def test_the_exit_codes_of_the_page_are_those_of_the_help() -> None:
    codes = re.findall(r"^\| (\d+) \| ([^|:,]*)", SECTION, re.MULTILINE)
    assert codes
    for code, meaning in codes:
        assert f"{code} {meaning.strip().split(' or ')[0]}" in EXIT_CODES


async def test_the_recording_looks_like_the_live_view(busy: Shell) -> None:
    recorded = RECORDING.read_text()
    pictures = [picture.splitlines() for picture in re.split(rf"\d+ s\n-{{{COLUMNS}}}\n", recorded)[1:]]
    assert len(pictures) == len(MOMENTS)
    async with working(busy.target), busy.opened("top", columns=COLUMNS) as top:
        screen = (await top.shows("w1")).splitlines()
        top.type("q")
        assert await top.status() == 0
    for picture in pictures:
        for lines in (picture, screen):
            assert re.match(r"Sluice at 127\.0\.0\.1:\d+  q ends  counted [\d.]+s ago", lines[0])
            headings = [set(line.split()) for line in lines]
            assert any(
                {"QUEUE", "STATE", "PENDING", "PROCESSING", "OLDEST", "DONE/S"} <= heading for heading in headings
            )
            assert any({"WORKER", "STATE", "HOLDS", "DOES"} <= heading for heading in headings)
        assert any("w1" in line and "active" in line and "resize" in line for line in picture)
