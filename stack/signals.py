"""Being told to stop, by a signal or by the end of whoever started us."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# make lives on when whoever typed `make run` is gone, so it does not count as the one who started us.
_GO_BETWEENS = frozenset({"make", "gmake"})


class Stopped(BaseException):
    """The stack is to stop, wherever it is; nothing but its own end should catch this."""


class StopSignals:
    """Raises Stopped in the main thread at the first SIGINT or SIGTERM, and ignores those that follow.

    Where the exception is lost, in a finalizer say, `check` raises it again.
    """

    def __init__(self) -> None:
        """Begins to listen."""
        self._told = False
        for number in _SIGNALS:
            signal.signal(number, self._stop)

    def check(self) -> None:
        """Raises Stopped if a signal came before."""
        if self._told:
            raise Stopped

    def mute(self) -> None:
        """Ignores what comes from now on: the way out has begun, and is not to be interrupted."""
        self._told = True

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if not self._told:
            self._told = True
            raise Stopped


def stop_with_the_parent() -> None:
    """Sends this process a SIGTERM as soon as the one that started it ends, however it ends.

    The kernel's own signal for this comes at the end of the thread that started us, which may leave a parent that
    lives on; so the parent's process is watched instead.
    """
    parent = os.getppid()
    descriptors = [descriptor for pid in _starters(parent) if (descriptor := _descriptor(pid)) is not None]
    threading.Thread(target=_watch, args=(descriptors,), name="parent", daemon=True).start()
    if os.getppid() != parent:
        _tell_main_thread()


def _starters(parent: int) -> Iterator[int]:
    """Gives our parent, and behind one that only passes things on, that one's."""
    yield parent
    with contextlib.suppress(OSError):
        if Path(f"/proc/{parent}/comm").read_text().strip() in _GO_BETWEENS:
            behind_the_name = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2]
            yield int(behind_the_name.split()[1])


def _descriptor(pid: int) -> int | None:
    """Opens a process, which becomes readable at its end; None where it is out of reach or the system has no such."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _watch(descriptors: list[int]) -> None:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    if descriptors and poll.poll():
        _tell_main_thread()


def _tell_main_thread() -> None:
    """Interrupts whatever the main thread waits for."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
