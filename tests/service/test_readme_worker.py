"""The worker that the README shows does what the README says, and is as short as it says."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.service.conftest import StartCoordinator
from tests.service.running_program import run, running
from tests.shown_code import ADDRESS, shown_programs
from tests.waiting import eventually


async def test_the_worker_of_the_readme_works_on_the_job_that_the_readme_enqueues_and_stops(
    start_coordinator: StartCoordinator, owner_url: str, tmp_path: Path
) -> None:
    coordinator = await start_coordinator()
    scripts = []
    for name, program in zip(("worker.py", "enqueue.py"), shown_programs("README.md"), strict=True):
        assert program.count(ADDRESS) == 1
        scripts.append(tmp_path / name)
        scripts[-1].write_text(program.replace(ADDRESS, f"127.0.0.1:{coordinator.port}"))

    def ended() -> list[tuple[str, dict[str, int]]]:
        with psycopg.connect(owner_url) as connection:
            return connection.execute("SELECT state, result FROM sluice.job_history").fetchall()

    worker, enqueue = scripts
    async with running(worker):
        assert await run(enqueue) == ""
        assert await eventually(ended, 30) == [("completed", {"width": 320})]


def test_the_worker_of_the_readme_has_ten_lines() -> None:
    worker, _ = shown_programs("README.md")
    assert len([line for line in worker.splitlines() if line.strip()]) == 10
