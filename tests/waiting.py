"""Waits for a condition instead of for a time."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar, overload

_POLL_SECONDS = 0.02

T = TypeVar("T")


@overload
async def eventually(check: Callable[[], Coroutine[Any, Any, T]], timeout: float = ...) -> T: ...


@overload
async def eventually(check: Callable[[], T], timeout: float = ...) -> T: ...


async def eventually(
    check: Callable[[], Any],
    timeout: float = 10.0,
) -> Any:
    """Returns what `check` gives as soon as that is true; a failed assertion in it counts as "not yet".

    Args:
        check: A function or coroutine function, called again and again.
        timeout: Seconds after which the test fails and says what the last call gave.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            seen = check()
            result = await seen if inspect.isawaitable(seen) else seen
            if result:
                return result
            last = f"last seen: {result!r}"
        except AssertionError as error:
            last = f"last seen: {error}"
        if monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; {last}")
        await asyncio.sleep(_POLL_SECONDS)
