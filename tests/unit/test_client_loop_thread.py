"""A loop in a thread: what is asked of it, and that it ends."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from coordinator_client.loop_thread import LoopThread
from tests.waiting import eventually


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "under-test"]


class Work:
    """Waits in the thread until it is released, or cancelled."""

    def __init__(self) -> None:
        self.thread = LoopThread("under-test")
        self.released = asyncio.Event()
        self.began = threading.Event()
        self.cancellations = 0

    async def __call__(self) -> None:
        self.began.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancellations += 1
            raise

    def release(self) -> None:
        self.thread.post(self.released.set)


async def test_what_is_posted_runs_in_the_thread_even_before_it_starts() -> None:
    work = Work()
    where: list[int] = []
    assert work.thread.post(lambda number: where.append(number + threading.get_ident()), 0)
    work.release()
    await work.thread.run(work)
    assert where != [threading.get_ident()]
    assert len(where) == 1
    assert threads() == []


async def test_a_question_is_answered_from_the_thread() -> None:
    work = Work()
    run = asyncio.create_task(work.thread.run(work))

    async def doubled(number: int) -> int:
        assert threading.current_thread().name == "under-test"
        return 2 * number

    assert await work.thread.ask(doubled(4)) == 8
    work.release()
    await run


async def test_a_question_whose_caller_leaves_is_cancelled() -> None:
    work = Work()
    run = asyncio.create_task(work.thread.run(work))
    asked, cancelled = threading.Event(), threading.Event()

    async def endless() -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    question = asyncio.create_task(work.thread.ask(endless()))
    await eventually(asked.is_set)
    question.cancel()
    await eventually(cancelled.is_set)
    work.release()
    await run


async def test_the_thread_goes_on_while_the_callers_loop_is_blocked() -> None:
    work = Work()
    run = asyncio.create_task(work.thread.run(work))
    await eventually(work.began.is_set)
    passed = threading.Event()
    work.thread.post(passed.set)
    assert passed.wait(5)
    work.release()
    await run


async def test_after_the_end_nothing_is_taken_any_more() -> None:
    work = Work()
    work.release()
    await work.thread.run(work)
    assert not work.thread.post(print)
    with pytest.raises(asyncio.CancelledError):
        await work.thread.ask(asyncio.sleep(0))


async def test_what_the_work_raises_comes_out() -> None:
    async def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await LoopThread("under-test").run(broken)
    assert threads() == []


async def test_a_run_that_is_cancelled_cancels_the_work_and_waits_for_its_end() -> None:
    work = Work()
    ended: list[float] = []

    async def slow_to_end() -> None:
        try:
            await work()
        finally:
            await asyncio.sleep(0.1)
            ended.append(time.monotonic())

    run = asyncio.create_task(work.thread.run(slow_to_end))
    await eventually(work.began.is_set)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (work.cancellations, len(ended)) == (1, 1)
    assert threads() == []


async def test_what_is_still_under_way_at_the_end_is_let_end() -> None:
    ended = threading.Event()

    async def later() -> None:
        await asyncio.sleep(0.05)
        ended.set()

    async def work() -> None:
        tasks.append(asyncio.create_task(later()))

    tasks: list[asyncio.Task[None]] = []
    await LoopThread("under-test").run(work)
    assert ended.is_set()
