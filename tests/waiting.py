"""Waits for a condition instead of for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

_POLL_SECONDS = 0.02

T = TypeVar("T")


async def eventually(
    check: Callable[[], T | Awaitable[T]],
    timeout: float = 10.0,  # noqa: ASYNC109 - polling has a deadline of its own, so that it can say what was last seen
) -> T:
    """Returns what `check` gives as soon as that is true; a failed assertion in it counts as "not yet".

    Args:
        check: A function or coroutine function, called again and again.
        timeout: Seconds after which the test fails and says what the last call gave.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            seen = check()
            result: T = await seen if inspect.isawaitable(seen) else seen
            if result:
                return result
            last = f"last seen: {result!r}"
        except AssertionError as error:
            last = f"last seen: {error}"
        if monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; {last}")
        await asyncio.sleep(_POLL_SECONDS)
