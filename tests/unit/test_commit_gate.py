"""Commits wait for their turn in memory: those of one person for each other, all of them for a place."""

from __future__ import annotations

import asyncio
import gc
from uuid import UUID, uuid4

import pytest

from coordinator.commit_gate import CommitGate
from coordinator.errors import Busy
from tests.waiting import eventually


class _Turns:
    """Commits that stay inside until they are let go, and how many of whom are inside."""

    def __init__(self, gate: CommitGate) -> None:
        self._gate = gate
        self._tasks: list[asyncio.Task[None]] = []
        self.may_leave = asyncio.Event()
        self.inside: list[UUID] = []
        self.left: list[UUID] = []

    def come(self, *users: UUID) -> None:
        """Lets commits arrive in this order."""
        self._tasks.extend(asyncio.create_task(self._commit(user)) for user in users)

    async def _commit(self, user: UUID) -> None:
        async with self._gate.turn(user):
            self.inside.append(user)
            await self.may_leave.wait()
            self.inside.remove(user)
            self.left.append(user)

    async def finish(self) -> None:
        self.may_leave.set()
        await asyncio.gather(*self._tasks)


async def test_commits_of_one_person_go_one_by_one_and_those_of_others_pass() -> None:
    turns = _Turns(CommitGate(max_commits=4, wait_seconds=10))
    one, other = uuid4(), uuid4()
    turns.come(one, one, one, other)
    await eventually(lambda: turns.inside == [one, other])
    await turns.finish()
    assert sorted(turns.left) == sorted([one, one, one, other])


async def test_many_files_of_one_person_take_one_place() -> None:
    turns = _Turns(CommitGate(max_commits=2, wait_seconds=10))
    many, other = uuid4(), uuid4()
    turns.come(*[many] * 200, other)
    await eventually(lambda: turns.inside == [many, other])
    await turns.finish()


async def test_no_more_commits_are_under_way_than_there_are_places() -> None:
    turns = _Turns(CommitGate(max_commits=2, wait_seconds=10))
    turns.come(*[uuid4() for _ in range(5)])
    await eventually(lambda: len(turns.inside) == 2)
    await turns.finish()
    assert len(turns.left) == 5


async def test_a_turn_that_does_not_come_in_time_is_busy() -> None:
    gate, user = CommitGate(max_commits=2, wait_seconds=0.01), uuid4()
    async with gate.turn(user):
        with pytest.raises(Busy) as refused:
            async with gate.turn(user):
                pytest.fail("two commits of one person at once")
    assert refused.value.retry_after_seconds > 0


async def test_who_gave_up_waiting_for_a_place_does_not_keep_the_persons_turn() -> None:
    gate, user = CommitGate(max_commits=1, wait_seconds=0.01), uuid4()
    async with gate.turn(uuid4()):
        with pytest.raises(Busy):
            async with gate.turn(user):
                pytest.fail("there is one place")
    async with gate.turn(user):
        pass


async def test_a_commit_that_fails_leaves_its_place_and_its_turn() -> None:
    gate, user = CommitGate(max_commits=1, wait_seconds=0.01), uuid4()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with gate.turn(user):
                _ = 1 / 0


async def test_a_person_who_has_gone_is_forgotten() -> None:
    gate = CommitGate(max_commits=1, wait_seconds=1)
    for _ in range(100):
        async with gate.turn(uuid4()):
            pass
    gc.collect()
    assert gate.people_waiting == 0
