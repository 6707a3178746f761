"""The bare package in an empty environment: it brings little, and works on jobs all the same."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from tests.e2e.bare_environment import make_bare_environment
from tests.e2e.running_stack import RunningStack
from tests.e2e.until import until
from tests.shown_code import ADDRESS, shown_programs

# Nothing of the surroundings helps: no PYTHONPATH, no user's packages, no folder of ours.
LIST = """
import importlib.metadata, importlib.util, json
names = sorted({one.metadata["Name"].lower().replace("_", "-") for one in importlib.metadata.distributions()})
wanted = ("psycopg", "click", "rich", "pydantic", "structlog", "fastapi", "msgspec", "jwt", "httpx", "uvloop", "pytest")
print(json.dumps([names, [name for name in wanted if importlib.util.find_spec(name)]]))
"""
IMPORT_ALL = """
import coordinator_client, importlib, pkgutil, sys
for module in pkgutil.walk_packages(coordinator_client.__path__, "coordinator_client."):
    if module.name != "coordinator_client.testing.plugin" and ".command_line." not in module.name:
        importlib.import_module(module.name)
for name in coordinator_client.__all__:
    getattr(coordinator_client, name)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the bare package is installed, and nothing besides."""
    return make_bare_environment(tmp_path_factory.mktemp("bare"))


def run(python: Path, folder: Path, arguments: Sequence[str | Path]) -> str:
    done = subprocess.run(
        [python, "-I", *arguments], cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_command_line_says_which_extra_it_needs(python: Path, tmp_path: Path) -> None:
    sluice = [str(python.with_name("sluice")), "top"]
    done = subprocess.run(sluice, cwd=tmp_path, env={}, capture_output=True, text=True, check=False, timeout=60)
    needed = "The command line needs click, which its extra brings: pip install 'sluice[cli]'.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", needed)


def test_nothing_else_is_installed_with_it(python: Path, tmp_path: Path) -> None:
    installed, importable = json.loads(run(python, tmp_path, ["-c", LIST]))
    assert installed == ["googleapis-common-protos", "grpcio", "protobuf", "sluice", "typing-extensions"]
    assert importable == []


def test_every_module_of_the_library_loads_there(python: Path, tmp_path: Path) -> None:
    assert run(python, tmp_path, ["-c", IMPORT_ALL]) == ""


@pytest.fixture
def scripts(stack: RunningStack, tmp_path: Path) -> Iterator[list[Path]]:
    """The README's worker and what enqueues for it, for the stack that runs."""
    paths = []
    for number, program in enumerate(shown_programs("README.md")):
        paths.append(tmp_path / f"program_{number}.py")
        paths[-1].write_text(program.replace(ADDRESS, stack.grpc))
    yield paths
    with psycopg.connect(stack.database, autocommit=True) as connection:
        connection.execute("DELETE FROM sluice.job_history WHERE queue = 'images'")


def test_the_ten_lines_of_the_readme_work_on_a_job_there(
    python: Path, stack: RunningStack, scripts: list[Path], tmp_path: Path
) -> None:
    worker, enqueue = scripts

    def ended() -> list[tuple[str, object]]:
        with psycopg.connect(stack.database) as connection:
            query = "SELECT state, result FROM sluice.job_history WHERE queue = 'images'"
            return connection.execute(query).fetchall()

    run(python, tmp_path, [enqueue])
    with subprocess.Popen([python, "-I", worker], cwd=tmp_path, env={}, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert until(ended, 30) == [("completed", {"width": 320})]
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
