"""Pieces of work for isolated processes, good and bad; importable there by name."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

from export_formats import ExportError, Reason


def echo(file: BinaryIO, *arguments: object) -> Iterator[object]:
    yield file.read()
    yield from arguments


def process_id(file: BinaryIO) -> Iterator[int]:
    yield os.getpid()


def modules(file: BinaryIO) -> Iterator[str]:
    yield from sorted(sys.modules)


def crash(file: BinaryIO) -> Iterator[int]:
    yield os.getpid()
    os.kill(os.getpid(), signal.SIGKILL)


def grow(file: BinaryIO) -> Iterator[int]:
    held = []
    while True:
        held.append(bytearray(1 << 20))
        yield len(held)


def hang(file: BinaryIO) -> Iterator[int]:
    yield os.getpid()
    threading.Event().wait()


def signal_itself(file: BinaryIO) -> Iterator[str]:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    yield "still here"


def break_down(file: BinaryIO) -> Iterator[int]:
    yield 1
    raise KeyError("somebody's favourite song")


def refuse(file: BinaryIO) -> Iterator[int]:
    yield 1
    raise ExportError(Reason.NOT_JSON, "The file is no JSON.")
