"""One of our processes: started, listened to, stopped, started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from stack.services import Service

_LAUNCHER = Path(__file__).with_name("launcher.py")

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
# Whoever lived this long did not die of starting: the next pause is the first again.
_GOOD_LIFE_SECONDS = 10.0


def launch_command(*arguments: str) -> list[str]:
    """Gives the command of one of our modules, run by this Python, that ends when this process does."""
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), sys.executable, "-m", *arguments]


class Process:
    """A service as a process, with its log in a file. The kernel ends it with the thread that starts it."""

    def __init__(self, service: Service, logs: Path) -> None:
        """Prepares its log; that of the run before is kept beside it."""
        self.service = service
        self.log = logs / f"{service.name}.log"
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".previous.log"))
        self._popen: subprocess.Popen[bytes] | None = None
        self._position = 0
        self._started_at = 0.0
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._again_at: float | None = None

    def start(self) -> None:
        """Starts it, in a process group of its own, so that a Ctrl-C in the terminal is ours to pass on."""
        self._again_at = None
        self._started_at = monotonic()
        with self.log.open("ab") as log:
            self._position = log.tell()
            self._popen = subprocess.Popen(
                launch_command(self.service.module, *self.service.arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_unbuffered(self.service.environment),
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        """Whether it was started and does not run any more."""
        return self._popen is not None and self._popen.poll() is not None

    @property
    def is_ready(self) -> bool:
        """Whether it has said so since it was started; one that says nothing is."""
        line = self.service.ready_line
        return line is None or any(said.startswith(line) for said in self._said().splitlines())

    def last_lines(self, count: int = 15) -> str:
        """Gives the end of what it has said since it was started."""
        return "\n".join(self._said().rstrip().splitlines()[-count:])

    def epitaph(self) -> str:
        """Says in words how it ended."""
        status = self._popen.returncode if self._popen else 0
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def pause(self) -> float:
        """Sets the time at which it may start again, and gives the seconds until then: more after each quick death."""
        if monotonic() - self._started_at > _GOOD_LIFE_SECONDS:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        seconds = self._pause_seconds
        self._pause_seconds = min(2 * seconds, _LONGEST_PAUSE_SECONDS)
        self._again_at = monotonic() + seconds
        return seconds

    @property
    def is_paused(self) -> bool:
        """Whether it waits to be started again."""
        return self._again_at is not None

    @property
    def is_due(self) -> bool:
        """Whether its pause is over."""
        return self._again_at is not None and monotonic() >= self._again_at

    def ask_to_stop(self) -> None:
        """Sends SIGTERM."""
        if self._popen is not None:
            self._popen.terminate()

    def stop_by(self, deadline: float) -> None:
        """Waits for its end, and brings it about once the (monotonic) deadline has passed."""
        if self._popen is None:
            return
        try:
            self._popen.wait(max(deadline - monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._position)
            return log.read().decode(errors="replace")


def _unbuffered(environment: Mapping[str, str]) -> dict[str, str]:
    """Has everything a process says stand in its log at once."""
    return {**environment, "PYTHONUNBUFFERED": "1"}
