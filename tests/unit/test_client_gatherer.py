"""Gathering: one batch under way, the next one filling up meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from coordinator_client.gatherer import Gatherer


class Sender:
    """Doubles numbers, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        await self.may_answer.wait()
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


async def settled() -> None:
    """Lets every task run until all wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_during_a_batch_goes_into_the_next() -> None:
    sender = Sender()
    gatherer = Gatherer(sender, limit=100)
    calls = [gatherer.submit(1)]
    await settled()
    calls += [gatherer.submit(number) for number in (2, 3, 4)]
    await settled()
    assert sender.batches == [[1]]
    sender.may_answer.set()
    assert await asyncio.gather(*calls) == [2, 4, 6, 8]
    assert sender.batches == [[1], [2, 3, 4]]


async def test_a_batch_keeps_to_its_limit() -> None:
    sender = Sender()
    sender.may_answer.set()
    gatherer = Gatherer(sender, limit=2)
    await asyncio.gather(*(gatherer.submit(number) for number in range(5)))
    assert sender.batches == [[0, 1], [2, 3], [4]]


async def test_the_sizes_of_a_batch_keep_to_their_limit_unless_it_is_one_item() -> None:
    sender = Sender()
    sender.may_answer.set()
    gatherer = Gatherer(sender, limit=3, size=lambda number: number, size_limit=10)
    numbers = [4, 6, 1, 20, 2, 3, 4, 5]
    assert await asyncio.gather(*map(gatherer.submit, numbers)) == [2 * number for number in numbers]
    assert sender.batches == [[4, 6], [1], [20], [2, 3, 4], [5]]


async def test_a_batch_that_fails_fails_its_callers_and_no_others() -> None:
    sender = Sender()
    gatherer = Gatherer(sender, limit=1)
    sender.may_answer.set()
    bad, good = await asyncio.gather(gatherer.submit(13), gatherer.submit(4), return_exceptions=True)
    assert isinstance(bad, ValueError)
    assert good == 8


async def test_a_caller_that_leaves_does_not_disturb_the_others() -> None:
    sender = Sender()
    gatherer = Gatherer(sender, limit=10)
    leaving, staying = (gatherer.submit(number) for number in (1, 2))
    await settled()
    leaving.cancel()
    sender.may_answer.set()
    assert await staying == 4


async def test_closing_cancels_whoever_waits() -> None:
    sender = Sender()
    gatherer = Gatherer(sender, limit=1)
    calls = [gatherer.submit(number) for number in (1, 2)]
    await settled()
    await gatherer.close()
    for call in calls:
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_what_was_closed_takes_items_again() -> None:
    sender = Sender()
    gatherer = Gatherer(sender, limit=1)
    given_up = [gatherer.submit(number) for number in (1, 2)]
    await settled()
    await gatherer.close()
    await asyncio.gather(*given_up, return_exceptions=True)
    sender.may_answer.set()
    assert await gatherer.submit(3) == 6
    assert sender.batches == [[1], [3]]
