"""A stack that ends before it was ready, by a signal or with whoever started it, leaves no process."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.running_stack import STOP_SECONDS, StartedStack, stack_command, started_stack
from tests.e2e.until import until

POSTGRES = "bin/postgres -D"
COORDINATOR = "-m coordinator serve"


@pytest.fixture
def command(quick_folder: Path) -> list[str]:
    """A stack on data of its own, which the tests may take turns to interrupt."""
    return stack_command("--data-dir", str(quick_folder / "interrupted"))


def assert_it_ends_by_itself(stack: StartedStack) -> None:
    """Everything is gone soon, and went in order."""
    until(lambda: not stack.living(), STOP_SECONDS)
    assert "Sluice has stopped.\n" in stack.said()


@pytest.mark.parametrize(
    ("moment", "number"), [(POSTGRES, signal.SIGINT), (COORDINATOR, signal.SIGTERM)], ids=["database", "coordinator"]
)
def test_stopped_while_it_starts_it_leaves_no_process(command: list[str], moment: str, number: signal.Signals) -> None:
    with started_stack(command) as stack:
        until(lambda: stack.pid_of(moment))
        assert stack.stop(number) == 0
        assert stack.living() == {}
        assert stack.read_line() == ""
        assert stack.said().endswith("Sluice has stopped.\n")


def test_it_ends_with_the_process_that_started_it(command: list[str]) -> None:
    starter = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
    with started_stack([*starter, *command]) as stack:
        until(lambda: stack.pid_of(POSTGRES))
        stack.process.kill()
        assert_it_ends_by_itself(stack)


def test_it_ends_with_the_process_that_started_make(command: list[str], tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {' '.join(command)}\n")
    with started_stack(["sh", "-c", f"make -f {makefile} run; true"]) as stack:
        until(lambda: stack.pid_of(POSTGRES))
        stack.process.kill()
        assert_it_ends_by_itself(stack)
