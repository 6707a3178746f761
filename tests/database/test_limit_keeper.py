"""What the calls that set limits wait for, and what they say where it takes long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import TupleRow

from coordinator.announcer import Announcer
from coordinator.errors import Busy
from coordinator.limit_keeper import LimitKeeper
from coordinator.memory import QueueMemory
from coordinator.queue_limits import QueueLimits
from coordinator.store import limits
from coordinator.wakeups import Wakeups
from tests.database.limited import ACT
from tests.database.stores import Store


@pytest.fixture
def keeper(store: Store, monkeypatch: pytest.MonkeyPatch) -> LimitKeeper:
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.05)
    memory, wakeups = QueueMemory(), Wakeups()
    announcer = Announcer(store.database, uuid4(), wakeups, memory.marks, notifies=False)
    return LimitKeeper(store.database, memory, announcer, wakeups)


@pytest.fixture
def owner(owner_url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def long_writer(store: Store, owner: psycopg.Connection[TupleRow]) -> AsyncIterator[None]:
    """Keeps a transaction open that has written jobs."""
    await store.enqueue()
    with owner.transaction():
        owner.execute("UPDATE sluice.jobs SET size = size")
        yield


@pytest.mark.usefixtures("long_writer")
async def test_what_could_still_be_passed_is_not_answered_as_if_it_held(keeper: LimitKeeper) -> None:
    with pytest.raises(Busy, match="try again"):
        await keeper.pause("q", ACT, paused=True)
    with pytest.raises(Busy, match="try again"):
        await keeper.set_limits("q", QueueLimits(max_running=1), ACT)


@pytest.mark.usefixtures("long_writer")
async def test_a_queue_that_is_let_go_on_waits_for_nobody(keeper: LimitKeeper, store: Store) -> None:
    await limits.pause(store.database, "q", ACT, paused=True)
    assert await keeper.pause("q", ACT, paused=False)
    assert await keeper.set_limits("q", QueueLimits(), ACT) == QueueLimits()
    assert await keeper.set_limits("q", QueueLimits(max_depth=5), ACT) == QueueLimits()
