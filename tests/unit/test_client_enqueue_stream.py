"""EnqueueStream over a call that takes nothing: who leaves, or waits for room, while nothing can be sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from coordinator_client import enqueue_stream, new_job
from coordinator_client.enqueue_stream import EnqueueStream
from coordinator_client.errors import CoordinatorUnreachable, DeadlineExceeded
from tests.waiting import eventually

JOB = new_job("images", "resize")


class FullCall:
    """A stream whose flow control lets nothing through, and which nobody answers."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def write(self, message: Any) -> None:
        self.written.append(message.request.owner)
        await asyncio.get_running_loop().create_future()

    async def __aiter__(self) -> AsyncIterator[Any]:
        await asyncio.get_running_loop().create_future()
        yield

    def add_done_callback(self, callback: Any) -> None:
        """Nothing ends it but its caller."""

    def cancel(self) -> None:
        """Nobody is at the other end."""


def stream_over(call: FullCall) -> EnqueueStream:
    method: Any = lambda: call  # noqa: E731 - a stub's method is typed more closely than it needs
    return EnqueueStream(method)


async def test_whoever_leaves_before_the_request_is_sent_takes_no_room_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enqueue_stream, "MOST_UNANSWERED", 2)
    call = FullCall()
    async with stream_over(call) as stream:
        first = asyncio.create_task(stream.enqueue("first", [JOB]))
        await eventually(lambda: call.written)
        for _ in range(3):
            with pytest.raises(DeadlineExceeded):
                await stream.enqueue("late", [JOB], timeout_seconds=0.01)
            assert len(stream) == 1, "the one that may have reached the coordinator"
    assert call.written == ["first"]
    with pytest.raises(CoordinatorUnreachable):
        await first


async def test_whoever_waits_for_room_is_told_at_once_that_the_stream_was_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enqueue_stream, "MOST_UNANSWERED", 1)
    async with stream_over(call := FullCall()) as stream:
        callers = [asyncio.create_task(stream.enqueue("me", [JOB], timeout_seconds=60)) for _ in range(4)]
        await eventually(lambda: call.written)
    done, _ = await asyncio.wait(callers, timeout=5)
    assert [type(caller.exception()) for caller in done] == [CoordinatorUnreachable] * 4
