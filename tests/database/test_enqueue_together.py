"""Requests that share a commit: carried out together, or each by itself where one of them is refused."""

from collections import deque
from unittest.mock import Mock

import psycopg

from coordinator.background import BackgroundTasks
from coordinator.domain import RetryPolicy
from coordinator.errors import SluiceError
from coordinator.services.enqueue_streams import TOGETHER_JOBS, EnqueueStreams, Pending, take_batch
from coordinator.store.enqueueing import EnqueueCall, Enqueued
from coordinator.wire.jobs import JobDefaults
from tests.database.stores import Store, new_job


def pending(name: str, *, key: str = "", jobs: int = 1, unique_key: str | None = None, content: bytes = b"") -> Pending:
    new = [new_job(payload=name.encode(), unique_key=unique_key) for _ in range(jobs)]
    return Pending(name, EnqueueCall("tests", key, content or name.encode(), new), 1)


async def commit(store: Store, *batch: Pending) -> dict[str, str]:
    """Carries requests out; returns for each the reason of its refusal, or how it was answered."""
    defaults = JobDefaults(RetryPolicy(), 1_000, 1_000, 1_000)
    streams = EnqueueStreams(store.database, store.clocks, Mock(), defaults, lambda: None, BackgroundTasks())
    told: dict[str, str] = {}

    def answer(one: Pending, result: Enqueued | SluiceError) -> None:
        assert one.request_id not in told
        told[one.request_id] = result.reason if isinstance(result, SluiceError) else f"repeated {result.repeated}"

    await streams.commit(batch, answer)
    return told


def commits(url: str) -> dict[str, str]:
    """Returns which transaction stored each job, by payload."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT convert_from(payload, 'UTF8'), xmin::text FROM sluice.jobs").fetchall()
    return dict(rows)


async def test_requests_that_are_all_well_share_a_commit(store: Store, owner_url: str) -> None:
    await commit(store, pending("before", key="k"))
    told = await commit(store, pending("a"), pending("b", key="b"), pending("again", key="k", content=b"before"))
    assert told == {"a": "repeated False", "b": "repeated False", "again": "repeated True"}
    stored = commits(owner_url)
    assert stored.keys() == {"before", "a", "b"}
    assert stored["a"] == stored["b"]


async def test_where_one_is_refused_the_others_are_carried_out_by_themselves(store: Store, owner_url: str) -> None:
    await commit(store, pending("before", key="k"))
    told = await commit(store, pending("a", key="a"), pending("other content", key="k"), pending("b"))
    assert told == {"a": "repeated False", "other content": "IDEMPOTENCY_KEY_REUSED", "b": "repeated False"}
    assert commits(owner_url).keys() == {"before", "a", "b"}
    assert await commit(store, pending("a", key="a")) == {"a": "repeated True"}


async def test_no_key_stands_twice_in_a_batch_and_no_batch_is_too_large() -> None:
    waiting = deque([pending("a", key="k"), pending("b"), pending("a again", key="k"), pending("c")])
    assert [[one.request_id for one in batch] for batch in batches(waiting)] == [["a", "b"], ["a again", "c"]]
    waiting = deque([pending("a", unique_key="u"), pending("b", unique_key="v"), pending("c", unique_key="u")])
    assert [len(batch) for batch in batches(waiting)] == [2, 1]
    waiting = deque([pending("a", jobs=TOGETHER_JOBS - 1), pending("b"), pending("c")])
    assert [len(batch) for batch in batches(waiting)] == [2, 1]


def batches(waiting: deque[Pending]) -> list[list[Pending]]:
    taken = []
    while batch := take_batch(waiting):
        taken.append(batch)
    return taken
