"""The most memory that each process held for the largest files and uploads: `python -m benchmarks.memory`.

Each case on a stack of its own. The baseline is a small file on such a stack: what the processes hold anyway.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from benchmarks.bench_stack import BenchStack, bench_stack, processes_below
from benchmarks.bench_uploads import ended, signed_in
from benchmarks.large_files import MIB, pieces_of_file

FILE_BYTES = 100 * MIB
UPLOAD_BYTES = 512 * MIB

Files = list[tuple[str, BinaryIO]]


def main() -> None:
    """Runs every case."""
    _measure("a small file (the baseline)", "json", lambda: _json_files("extended", 1, MIB))
    for kind in ("extended", "account music", "smallest rows"):
        _measure(f"one file of 100 MiB, {kind}", "json", partial(_json_files, kind, 1, FILE_BYTES))
    _measure("an upload of 512 MiB, six files", "json", lambda: _json_files("extended", 6, UPLOAD_BYTES // 6))
    _measure("a ZIP of 512 MiB, six files", "zip", lambda: _archive("extended", 6, UPLOAD_BYTES // 6 - 1))


def _measure(what: str, route: str, make_files: Callable[[], Iterator[Files]]) -> None:
    with contextmanager(make_files)() as files, bench_stack(workers=1) as stack, signed_in(stack.http) as client:
        name = "file" if route == "zip" else "files"
        parts = [(name, (filename, content)) for filename, content in files]
        status = ended(client, client.post(f"/api/uploads/{route}", files=parts))
        peaks = _peaks(stack)
    line = "  ".join(f"{process} {peak:.0f}" for process, peak in peaks.items())
    plays, failed = status["insertedRecords"], status["failedFiles"]
    sys.stdout.write(f"{what:<40} {status['status']}, {plays:,} plays, {failed} failed; peak MiB: {line}\n")
    sys.stdout.flush()


def _peaks(stack: BenchStack) -> dict[str, float]:
    """Gives the peak of each process of ours, and of the worker with its parsers together (an upper bound)."""
    peaks: dict[str, float] = {}
    for pid, command in processes_below(stack.pid):
        if command[1:2] != ["-m"] or command[2] not in {"gateway", "coordinator", "ingest_worker"}:
            continue
        peaks[command[2]] = _peak_mib(pid)
        if command[2] == "ingest_worker":
            parsers = [_peak_mib(child) for child, _ in processes_below(pid)]
            peaks["its parsers"] = sum(parsers)
    return peaks


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _json_files(kind: str, number: int, size: int) -> Iterator[Files]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"endsong_{place}.json" for place in range(number)]
        for path in paths:
            with path.open("wb") as file:
                file.writelines(pieces_of_file(kind, size))
        yield [(path.name, path.open("rb")) for path in paths]


def _archive(kind: str, number: int, size: int) -> Iterator[Files]:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in range(number):
                with archive.open(f"endsong_{place}.json", "w") as member:
                    for piece in pieces_of_file(kind, size):
                        member.write(piece)
        file.seek(0)
        yield [("my_spotify_data.zip", file)]


if __name__ == "__main__":
    main()
