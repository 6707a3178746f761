"""How much memory the processes of a stack needed at most, by what the kernel has counted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.running_stack import RunningStack

_SAMPLE_SECONDS = 0.02
_KIB_A_MIB = 1024

WORKERS = "-m ingest_worker"
GATEWAY = "-m gateway"
COORDINATORS = "-m coordinator serve"


@dataclass
class Peak:
    """The most that one process with all its descendants has held, in MiB, by the words of its command line.

    Where several processes have these words it is the largest of them.
    """

    mebibytes: dict[str, float] = field(default_factory=dict)

    def note(self, words: str, kibibytes: int) -> None:
        """Takes a sum over one tree of processes."""
        self.mebibytes[words] = max(self.mebibytes.get(words, 0.0), round(kibibytes / _KIB_A_MIB, 1))


@contextmanager
def peak_memory(stack: RunningStack) -> Iterator[Peak]:
    """Watches the stack as long as the block lasts.

    A process's own peak is exact, whenever it came; those of a tree are added up, which is no less than the tree held.
    """
    peak = Peak()
    roots = {pid: words for words in (WORKERS, GATEWAY, COORDINATORS) for pid in _pids(stack, words)}
    for pid in roots:
        for each in _tree(pid):
            with contextlib.suppress(OSError):
                Path(f"/proc/{each}/clear_refs").write_text("5")  # the peak begins anew at what is held now
    over = threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            for pid, words in roots.items():
                peak.note(words, sum(_high_water(each) for each in _tree(pid)))

    watching = threading.Thread(target=sample)
    watching.start()
    try:
        yield peak
    finally:
        over.set()
        watching.join()


def _pids(stack: RunningStack, words: str) -> list[int]:
    return [pid for pid, command in stack.living().items() if words in command]


def _tree(pid: int) -> list[int]:
    """Gives a process and all that it has started, and they."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            found += [int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text().split()]
    return found


def _high_water(pid: int) -> int:
    """Reads the largest resident size of a process so far, in KiB; 0 once it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
