"""What producers call: one stream for many who enqueue, lists by the page, jobs that are watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
import pytest

from coordinator_client import Producer, enqueue_stream, new_job, open_channel
from coordinator_client.errors import (
    CoordinatorUnreachable,
    DeadlineExceeded,
    Draining,
    IdempotencyKeyReused,
    JobNotFound,
    PermissionDenied,
    QueueFull,
)
from coordinator_client.producer import MOST_WATCH_FAILURES
from protos.jobs.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_PENDING, JOB_STATE_PROCESSING
from tests.service.fake_jobs import FakeJobs, fake_jobs
from tests.service.fake_uploads import Refusal
from tests.waiting import eventually

JOB = new_job("images", "resize", {"width": 640})
GONE = Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING")


@pytest.fixture
async def served() -> AsyncIterator[tuple[FakeJobs, Producer]]:
    async with fake_jobs() as (fake, target), open_channel(target) as channel:
        yield fake, Producer(channel)


async def test_many_callers_share_one_stream_and_each_gets_its_own_answer(served: tuple[FakeJobs, Producer]) -> None:
    fake, producer = served
    async with producer.enqueue_stream() as stream:
        answers = await asyncio.gather(*[stream.enqueue(f"owner {number}", [JOB] * number) for number in range(1, 51)])
    assert fake.streams == 1
    for number, answer in enumerate(answers, 1):
        assert [fake.jobs[job_id].owner for job_id in answer.job_ids] == [f"owner {number}"] * number


async def test_no_more_are_unanswered_than_may_be_and_every_answer_makes_room(
    served: tuple[FakeJobs, Producer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enqueue_stream, "MOST_UNANSWERED", 5)
    fake, producer = served
    fake.answers_streams.clear()
    async with producer.enqueue_stream() as stream:
        waiting = [asyncio.create_task(stream.enqueue("me", [JOB])) for _ in range(12)]
        waiting[0].cancel()
        await eventually(lambda: fake.calls)
        assert len(stream) == 5
        fake.answers_streams.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["CancelledError", *["EnqueueResponse"] * 11]


async def test_one_request_that_is_refused_harms_no_other(served: tuple[FakeJobs, Producer]) -> None:
    _, producer = served
    async with producer.enqueue_stream() as stream:
        first = await stream.enqueue("me", [JOB], idempotency_key="k")
        reused, full, repeated = await asyncio.gather(
            stream.enqueue("me", [JOB, JOB], idempotency_key="k"),
            stream.enqueue("me", [new_job("full", "resize")]),
            stream.enqueue("me", [JOB], idempotency_key="k"),
            return_exceptions=True,
        )
    assert isinstance(reused, IdempotencyKeyReused)
    assert reused.metadata == {"field": "idempotency_key"}
    assert isinstance(full, QueueFull)
    assert full.retry_after == 3
    assert repeated == type(first)(job_ids=first.job_ids, repeated_request=True)


async def test_where_the_stream_breaks_only_what_is_safe_to_repeat_is_sent_again(
    served: tuple[FakeJobs, Producer],
) -> None:
    fake, producer = served
    fake.answers_streams.clear()
    fake.breaking_owners = {"first"}
    async with producer.enqueue_stream() as stream:
        first = asyncio.create_task(stream.enqueue("first", [JOB]))
        await eventually(lambda: fake.calls)
        keyed = asyncio.create_task(stream.enqueue("keyed", [JOB], idempotency_key="k"))
        await asyncio.sleep(0)
        fake.answers_streams.set()
        with pytest.raises(Draining):
            await first
        assert len((await keyed).job_ids) == 1
        assert len((await stream.enqueue("later", [JOB])).job_ids) == 1
    assert [job.owner for job in fake.jobs.values()] == ["keyed", "later"]
    assert fake.streams == 2


async def test_a_stream_that_is_refused_tells_every_caller(served: tuple[FakeJobs, Producer]) -> None:
    fake, producer = served
    fake.refusals["EnqueueStream"] = [Refusal(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")]
    async with producer.enqueue_stream() as stream:
        answers = await asyncio.gather(stream.enqueue("me", [JOB]), return_exceptions=True)
        assert isinstance(answers[0], PermissionDenied)
        assert len((await stream.enqueue("me", [JOB])).job_ids) == 1


async def test_a_caller_waits_no_longer_than_its_time_and_one_of_a_closed_stream_not_at_all(
    served: tuple[FakeJobs, Producer],
) -> None:
    fake, producer = served
    fake.answers_streams.clear()
    async with producer.enqueue_stream() as stream:
        with pytest.raises(DeadlineExceeded):
            await stream.enqueue("late", [JOB], timeout_seconds=0.2)
        waiting = asyncio.create_task(stream.enqueue("patient", [JOB]))
        await asyncio.sleep(0)
    with pytest.raises(CoordinatorUnreachable):
        await waiting
    with pytest.raises(RuntimeError, match="inside of"):
        await stream.enqueue("me", [JOB])


async def test_jobs_are_listed_page_by_page(served: tuple[FakeJobs, Producer]) -> None:
    fake, producer = served
    job_ids = [fake.add_job("me") for _ in range(5)]
    fake.add_job("another")
    pages = producer.list_jobs("me", queue="images", kind="resize", states=[JOB_STATE_PENDING], page_size=2)
    async with aclosing(pages) as jobs:
        assert [job.id async for job in jobs] == job_ids
    requests = fake.requests_of("ListJobs")
    assert [request.page_token for request in requests] == ["", "2", "4"]
    assert {(request.queue, request.kind, tuple(request.states)) for request in requests} == {
        ("images", "resize", (JOB_STATE_PENDING,))
    }


async def test_a_job_is_watched_to_its_end_over_coordinators_that_leave(served: tuple[FakeJobs, Producer]) -> None:
    fake, producer = served
    job_id = fake.add_job("me")
    seen = []
    async with aclosing(producer.watch_job("me", job_id)) as states:
        async for job in states:
            seen.append(job.state)
            if len(seen) == 1:
                await fake.change(job_id, state=JOB_STATE_PROCESSING)
            elif len(seen) == 2:
                await fake.cut_watches()
            elif len(seen) == 3:
                await fake.change(job_id, state=JOB_STATE_COMPLETED, result='{"width":640}')
    assert seen == [JOB_STATE_PENDING, JOB_STATE_PROCESSING, JOB_STATE_PROCESSING, JOB_STATE_COMPLETED]
    assert (await producer.finished_job("me", job_id)).result == '{"width":640}'


async def test_a_watch_gives_up_where_nobody_answers_and_where_there_is_no_such_job(
    served: tuple[FakeJobs, Producer],
) -> None:
    fake, producer = served
    with pytest.raises(JobNotFound):
        await producer.finished_job("me", fake.add_job("another"))
    fake.refusals["WatchJob"] = [GONE] * MOST_WATCH_FAILURES
    with pytest.raises(Draining):
        await producer.finished_job("me", fake.add_job("me"))
    assert not fake.refusals["WatchJob"]


async def test_a_watch_that_is_left_ends_at_the_coordinator_too(served: tuple[FakeJobs, Producer]) -> None:
    fake, producer = served
    async with aclosing(producer.watch_job("me", fake.add_job("me"))) as states:
        await anext(states)
        assert fake.open_watches == 1
    await eventually(lambda: fake.open_watches == 0)
