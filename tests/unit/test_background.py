"""Work in the background is waited for at a stop, and a failure of it is told."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from coordinator.background import BackgroundTasks
from coordinator.errors import Busy


async def _fail(error: BaseException) -> None:
    raise error


async def test_who_stays_gets_what_the_work_returns() -> None:
    async def work() -> int:
        return 7

    assert await BackgroundTasks().start(work(), name="work") == 7


async def test_finishing_waits_for_work_whose_caller_has_left_and_for_what_is_begun_meanwhile() -> None:
    tasks, began = BackgroundTasks(), asyncio.Event()
    may_end, may_end_later = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def later() -> None:
        await may_end_later.wait()
        ended.append("later")

    async def work() -> None:
        began.set()
        await may_end.wait()
        ended.append("first")
        tasks.start(later(), name="later")

    async def call() -> None:
        await asyncio.shield(tasks.start(work(), name="first"))

    caller = asyncio.create_task(call())
    await began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    finishing = asyncio.create_task(tasks.finish())
    for may_go_on in (may_end, may_end_later):
        done, _ = await asyncio.wait([finishing], timeout=0.05)
        assert not done
        may_go_on.set()
    await finishing
    assert ended == ["first", "later"]


async def test_finishing_without_work_ends_at_once() -> None:
    async with asyncio.timeout(1):
        await BackgroundTasks().finish()


async def test_a_refusal_is_a_warning_and_finishing_does_not_raise_it() -> None:
    tasks = BackgroundTasks()
    with capture_logs() as logs:
        tasks.start(_fail(Busy("Come back.", retry_after_seconds=1.0)), name="commit")
        await tasks.finish()
    assert [(log["log_level"], log["work"], log["error"]) for log in logs] == [("warning", "commit", "Come back.")]


async def test_a_bug_is_told_with_its_trace() -> None:
    tasks, bug = BackgroundTasks(), ZeroDivisionError()
    with capture_logs() as logs:
        tasks.start(_fail(bug), name="commit")
        await tasks.finish()
    assert [(log["log_level"], log["work"], log["exc_info"]) for log in logs] == [("error", "commit", bug)]


async def test_work_that_is_cancelled_is_nothing_to_tell() -> None:
    tasks = BackgroundTasks()
    with capture_logs() as logs:
        tasks.start(asyncio.Event().wait(), name="waiting").cancel()
        await tasks.finish()
    assert logs == []
