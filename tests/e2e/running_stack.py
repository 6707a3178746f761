"""The local stack as a real process, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.e2e.until import until

REPOSITORY = Path(__file__).parents[2]
STOP_SECONDS = 10.0

_READY = re.compile(
    r"sluice ready http=(?P<http>http://127\.0\.0\.1:\d+) grpc=(?P<grpc>127\.0\.0\.1:\d+) database=(?P<database>\S+)\n"
)
# Handed on to every process of a stack, so that those that outlive it are found whoever their parent is by then.
_MARK = "SLUICE_TEST_MARK"
# A state of connections, in /proc/net/tcp.
_LISTENING = "0A"


@dataclass(frozen=True)
class StartedStack:
    """A stack's process from its first moment; `mark` is in the environment of all that belongs to it."""

    process: subprocess.Popen[str]
    mark: str
    errors: Path

    def said(self) -> str:
        """Reads what it has told the person at the terminal, on standard error."""
        return self.errors.read_text()

    def read_line(self) -> str:
        """Waits for a line on standard output; empty when there will be none."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops it and returns its exit status; it has its ten seconds."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def living(self) -> dict[int, str]:
        """Finds what lives of it: command lines by process id."""
        return {pid: command for pid, environment, command in _processes() if f"{_MARK}={self.mark}" in environment}

    def pid_of(self, words: str) -> int | None:
        """Finds the process in whose command line these words stand first, the launcher's not counted."""
        found = sorted(pid for pid, command in self.living().items() if words in command and "launcher" not in command)
        return next(iter(found), None)


@dataclass(frozen=True)
class RunningStack(StartedStack):
    """A stack that is ready, with its addresses."""

    http: str
    grpc: str
    database: str
    data_dir: Path


def stack_command(*arguments: str) -> list[str]:
    """Gives the command of a stack on free ports, unless told otherwise."""
    return [sys.executable, "-m", "stack", "--http-port", "0", "--grpc-port", "0", *arguments]


def run_to_the_end(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a stack of which one expects that it does not start."""
    return subprocess.run(
        stack_command(*arguments),
        cwd=REPOSITORY,
        env=_environment(str(uuid4())) | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def started_stack(command: Sequence[str], **environment: str) -> Iterator[StartedStack]:
    """Starts a command that ends in a stack. Afterwards nothing may be left of it; what is, is killed."""
    mark = str(uuid4())
    with (
        tempfile.NamedTemporaryFile() as errors,
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=_environment(mark) | environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        stack = StartedStack(process, mark, Path(errors.name))
        try:
            yield stack
        finally:
            if process.poll() is None:
                process.kill()
            try:
                until(lambda: not stack.living(), STOP_SECONDS)
            finally:
                for pid in stack.living():
                    os.kill(pid, signal.SIGKILL)


@contextmanager
def running_stack(data_dir: Path, *arguments: str, demo: bool = False, **environment: str) -> Iterator[RunningStack]:
    """Starts a stack, waits until it is ready, and stops it as one should."""
    chosen = ["--data-dir", str(data_dir), *arguments, *([] if demo else ["--no-demo"])]
    with started_stack(stack_command(*chosen), **environment) as started:
        stack = until_ready(started, data_dir)
        yield stack
        if stack.process.poll() is None:
            assert stack.stop() == 0


def until_ready(started: StartedStack, data_dir: Path) -> RunningStack:
    """Reads the ready line, which is the first, and has this form and no other."""
    line = started.read_line()
    ready = _READY.fullmatch(line)
    assert ready is not None, line + started.said()
    return RunningStack(started.process, started.mark, started.errors, data_dir=data_dir, **ready.groupdict())


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """Reads from /proc on which addresses and ports a process takes connections."""
    names = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {name[len("socket:[") : -1] for name in names if name.startswith("socket:[")}
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    mine = [line[1].partition(":") for line in lines if line[3] == _LISTENING and line[9] in inodes]
    return {(_dotted(address), int(port, 16)) for address, _, port in mine}


def _dotted(address: str) -> str:
    """Writes an IPv4 address as people do, also one in an IPv6 socket; leaves a real IPv6 one."""
    ipv4 = address.removeprefix("0000000000000000FFFF0000")
    return socket.inet_ntoa(bytes.fromhex(ipv4)[::-1]) if len(ipv4) == 8 else address


def is_alive(pid: int) -> bool:
    """Tells whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _environment(mark: str) -> dict[str, str]:
    """The surroundings of a developer who has set nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLUICE_", "SUPABASE_", "PG"))}
    kept.pop("DATABASE_URL", None)
    return kept | {_MARK: mark}


def _processes() -> Iterator[tuple[int, list[str], str]]:
    """Gives every living process's id, environment and command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and is_alive(int(entry.name)):
            with contextlib.suppress(OSError):
                environment, command = (
                    (entry / name).read_bytes().decode(errors="replace") for name in ("environ", "cmdline")
                )
                yield int(entry.name), environment.split("\0"), command.replace("\0", " ")
