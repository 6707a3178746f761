"""What runs in the isolated processes: one piece of work after the other, each on a file that is handed over.

This module is what a child imports, so it must never come near grpc: it knows the work by name only.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle
from typing import Any, BinaryIO, TypeAlias

from export_formats import ExportError

# Takes the file and the arguments, and yields what is to be sent back, piece by piece.
Work: TypeAlias = Callable[..., Iterator[object]]


@dataclass(frozen=True, slots=True)
class Finished:
    """The work is done."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is of no use: the work raised this."""

    error: ExportError


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The work needed more memory than the process may have."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The work raised what it should not. Its text may hold contents of the file: type and lines are told only."""

    exception: str
    frames: str


# How a piece of work may end.
End: TypeAlias = Finished | Refused | OutOfMemory | Broken


def serve(connection: Connection, memory_bytes: int) -> None:
    """Does the work that comes over the connection, until that is closed or the parent is gone.

    The process may have so many bytes of memory of its own; those of the program itself and of files do not count.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    # A signal to all processes of the group is the parent's to answer: it finishes, or kills this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            work, arguments = connection.recv()
        except EOFError:
            return
        with os.fdopen(recv_handle(connection), "rb") as file:
            file.seek(0)
            _answer(connection, work, file, arguments)


def _answer(connection: Connection, work: Work, file: BinaryIO, arguments: tuple[Any, ...]) -> None:
    end: End = Finished()
    try:
        for piece in work(file, *arguments):
            connection.send(piece)
    except ExportError as error:
        end = Refused(error)
    except BrokenPipeError:
        raise
    except MemoryError:
        end = OutOfMemory()
    except Exception as error:  # noqa: BLE001 - goes to the parent
        end = Broken(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    connection.send(end)


def _end_with_the_parent() -> None:
    """Ends this process when the parent dies, even in the middle of work."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
