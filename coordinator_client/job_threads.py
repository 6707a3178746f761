"""Synchronous handlers: each attempt in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from coordinator_client.blocking_job import BlockingJobContext, facts_of
from coordinator_client.job_context import JobContext
from coordinator_client.loop_thread import post

Result = TypeVar("Result")


async def in_thread(function: Callable[[], Result], name: str) -> Result:
    """Runs a function in a thread and returns what it does.

    Cancelled, it still waits for the thread's end: only then has the worker room again. Cancelled a second time it
    leaves the thread behind, which keeps no process from ending.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Result] = loop.create_future()
    work = partial(contextvars.copy_context().run, function)
    threading.Thread(target=_run, args=(work, loop, ended), name=name, daemon=True).start()
    try:
        await asyncio.wait([ended])
    except asyncio.CancelledError:
        await asyncio.wait([ended])
        ended.exception()  # nobody asks for it any more
        raise
    return ended.result()


def blocking_context(context: JobContext) -> BlockingJobContext:
    """Makes what a synchronous handler is given, to be used in other threads than the running event loop's."""
    loop = asyncio.get_running_loop()

    def tell(method: str, arguments: tuple[Any, ...]) -> None:
        asyncio.run_coroutine_threadsafe(getattr(context, method)(*arguments), loop).result()

    return BlockingJobContext(facts_of(context), tell, lambda: context.is_cancelled)


def _run(work: Callable[[], Result], loop: asyncio.AbstractEventLoop, ended: asyncio.Future[Result]) -> None:
    try:
        result = work()
    except StopIteration:
        # A future cannot hold it.
        post(loop, _set_exception, ended, RuntimeError("the function raised StopIteration"))
    except BaseException as error:  # noqa: BLE001 - raised again where the thread is waited for
        post(loop, _set_exception, ended, error)
    else:
        post(loop, _set_result, ended, result)


def _set_result(future: asyncio.Future[Result], result: Result) -> None:
    if not future.done():
        future.set_result(result)


def _set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
