"""The coordinator as a process: it ends in time, with the database or without it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import give_login


@contextmanager
def coordinator_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Runs `python -m coordinator serve` on a free port and waits until it listens."""
    environment = os.environ | {"DATABASE_URL": url, "SLUICE_GRPC_PORT": "0", "SLUICE_DRAIN_SECONDS": "1"}
    command = [sys.executable, "-m", "coordinator", "serve"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("listening port=")
            yield process
        finally:
            process.kill()


def seconds_to_end(process: subprocess.Popen[str]) -> float:
    began = monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    return monotonic() - began


def processes_of(server: EmbeddedPostgres) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(server.pid or 0), *map(int, children)]


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def test_it_ends_within_its_grace(database_url: str) -> None:
    with coordinator_process(database_url) as process:
        assert seconds_to_end(process) < 5


def test_it_ends_within_its_grace_without_its_database(quick_folder: Path) -> None:
    server = EmbeddedPostgres(quick_folder / "short-lived")
    try:
        owner_url = server.start()
        migrate = [sys.executable, "-m", "coordinator", "migrate", "--database-url", owner_url]
        subprocess.run(migrate, check=True, capture_output=True)
        with coordinator_process(give_login(owner_url, "sluice_coordinator")) as process:
            frozen = processes_of(server)
            # Neither answers nor refuses, as a host that is gone.
            send(signal.SIGSTOP, frozen)
            try:
                assert seconds_to_end(process) < 5
            finally:
                send(signal.SIGCONT, frozen)
    finally:
        server.stop()
