"""A local stack as a process, for as long as something is measured on it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY = re.compile(r"sluice ready http=(?P<http>\S+) grpc=(?P<grpc>\S+) database=(?P<database>\S+)\n")


@dataclass(frozen=True, slots=True)
class BenchStack:
    """A running stack: its process, its page's address, its database's URL, and its coordinators, first to last.

    Of each coordinator the process id and the address.
    """

    pid: int
    http: str
    database: str
    coordinators: tuple[tuple[int, str], ...]


@contextmanager
def bench_stack(coordinators: int = 1, workers: int = 0) -> Iterator[BenchStack]:
    """Starts a stack in a folder of its own, on free ports, and without workers unless told; stops it afterwards."""
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        command = [sys.executable, "-m", "stack", "--http-port", "0", "--grpc-port", "0", "--no-demo"]
        command += ["--workers", str(workers), "--coordinators", str(coordinators), "--data-dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                ready = _READY.fullmatch(line)
                if ready is None:
                    raise RuntimeError(f"the stack did not start: {line!r}")
                coordinators_ = tuple(sorted(_coordinators(process.pid)))
                yield BenchStack(process.pid, ready["http"], ready["database"], coordinators_)
            finally:
                process.terminate()
                process.wait(20)


def _coordinators(stack_pid: int) -> Iterator[tuple[int, str]]:
    for pid, command in processes_below(stack_pid):
        if command[1:4] == ["-m", "coordinator", "serve"]:
            environment = Path(f"/proc/{pid}/environ").read_text().split("\0")
            (port,) = (one.partition("=")[2] for one in environment if one.startswith("SLUICE_GRPC_PORT="))
            yield pid, f"127.0.0.1:{port}"


def processes_below(parent: int) -> Iterator[tuple[int, list[str]]]:
    """Gives the children of a process, by id and command line."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_text().split("\0")
            found = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if found == parent:
            yield int(entry.name), command


def cpu_seconds(pid: int) -> float:
    """Returns the processor time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mib(pid: int) -> float:
    """Returns the memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no resident memory")
