"""Coordinators for tests, each over a database of its own, in a process that ends with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

_STOP_SECONDS = 15.0
_COMPLAINT_CHARACTERS = 3_000


class ScratchError(RuntimeError):
    """What a test needs cannot be started; the message says why."""


class ScratchServer:
    """An embedded PostgreSQL and the coordinators over its databases, which are made in an instant."""

    def __init__(self) -> None:
        """Starts it, which takes a few seconds. Raises ScratchError."""
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-testing-")
        self._complaints: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stack.scratch"],
            cwd=self._folder.name,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )
        try:
            self._hear()
        except ScratchError:
            self.stop()
            raise

    @contextmanager
    def coordinator(self, settings: Mapping[str, Any] | None = None) -> Iterator[ScratchCoordinator]:
        """Gives a coordinator over a fresh database; settings are those of the coordinator, in lower case."""
        opened = self.ask(do="open", settings=dict(settings or {}))
        try:
            yield ScratchCoordinator(self, opened["id"], opened["grpc"], opened["database"])
        finally:
            self.ask(do="close", id=opened["id"])

    def ask(self, **wish: object) -> dict[str, Any]:
        """Asks the process for something and waits for the answer. Raises ScratchError."""
        try:
            self._stdin.write(json.dumps(wish) + "\n")
            self._stdin.flush()
        except OSError as error:
            raise self._gone() from error
        return self._hear()

    def stop(self) -> None:
        """Ends all of it."""
        # What a process that is gone was asked last is still to be written.
        with suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()
        self._complaints.close()
        self._folder.cleanup()

    @property
    def _stdin(self) -> IO[str]:
        if self._process.stdin is None:
            raise self._gone()
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        if self._process.stdout is None:
            raise self._gone()
        return self._process.stdout

    def _hear(self) -> dict[str, Any]:
        line = self._stdout.readline()
        if not line:
            raise self._gone()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ScratchError(answer["error"])
        return answer

    def _gone(self) -> ScratchError:
        self._complaints.seek(0)
        said = self._complaints.read()[-_COMPLAINT_CHARACTERS:].strip()
        return ScratchError(f"The coordinator for tests is gone; is the extra `testing` installed? It said:\n{said}")


def _environment() -> dict[str, str]:
    """Has our packages found first, and not what is called so where the tests are run."""
    former = os.environ.get("PYTHONPATH")
    folders = [str(Path(__file__).parents[2]), *([former] if former else [])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(folders)}


@dataclass(frozen=True, slots=True)
class ScratchCoordinator:
    """A coordinator that nobody else uses."""

    server: ScratchServer
    id: int
    # Where it listens, for `open_channel` and Worker.
    target: str
    # Its database, for a role that may read and change all of it.
    database_url: str

    def push(self, time: float | timedelta) -> None:
        """Moves the coordinator's time on, by seconds or a timedelta, as if it had passed while all workers pinged.

        What is due by then happens within a second.
        """
        seconds = time.total_seconds() if isinstance(time, timedelta) else time
        if seconds < 0:
            raise ValueError(f"time does not go back, by {-seconds} s")
        self.server.ask(do="push", id=self.id, seconds=seconds)
