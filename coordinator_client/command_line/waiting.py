"""Waiting for a person, or for stdin, in the middle of a command."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """Has Ctrl-C end what blocks here: the event loop's own way would wait until the blocking was over."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def read_stdin() -> bytes:
    """Returns all that comes from stdin."""
    with interruptible():
        return sys.stdin.buffer.read()
