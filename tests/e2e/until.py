"""Waits for a condition in tests that talk to processes of their own, without an event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_POLL_SECONDS = 0.02

T = TypeVar("T")


def until(check: Callable[[], T], timeout: float = 20.0) -> T:
    """Returns what `check` gives as soon as that is true; fails after `timeout` seconds and tells what it gave last."""
    deadline = time.monotonic() + timeout
    while not (seen := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s; last seen: {seen!r}")
        time.sleep(_POLL_SECONDS)
    return seen
