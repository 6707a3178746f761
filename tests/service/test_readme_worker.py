"""The worker that the README shows does what the README says."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.service.conftest import StartCoordinator
from tests.waiting import eventually

README = Path(__file__).parents[2] / "README.md"


@contextmanager
def running(script: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs a program until the end of the test."""
    with subprocess.Popen([sys.executable, script], cwd=README.parent, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_the_worker_of_the_readme_enqueues_a_job_works_on_it_and_stops(
    start_coordinator: StartCoordinator, owner_url: str, tmp_path: Path
) -> None:
    coordinator = await start_coordinator()
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert program.count("127.0.0.1:50051") == 2
    script = tmp_path / "worker.py"
    script.write_text(program.replace("127.0.0.1:50051", f"127.0.0.1:{coordinator.port}"))

    def ended() -> list[tuple[str, dict[str, int], dict[str, object]]]:
        with psycopg.connect(owner_url) as connection:
            return connection.execute("SELECT state, result, progress FROM sluice.job_history").fetchall()

    with running(script) as process:
        rows = await eventually(ended)
        process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait, 20)
        errors = process.stderr.read() if process.stderr else ""
    assert rows == [("completed", {"width": 640}, {"done": 1, "total": 2, "message": "half way"})]
    assert (status, errors) == (0, "")
