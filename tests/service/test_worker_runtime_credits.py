"""A worker takes what it asked for, and no more."""

from __future__ import annotations

import pytest

from tests.service.scripted_coordinator import new_lease
from tests.service.worker_fixtures import HeldHandler, scripted, working
from tests.waiting import eventually


async def test_a_worker_says_hello_with_its_name_queues_and_kinds() -> None:
    async with (
        scripted() as coordinator,
        working(coordinator, {"note": HeldHandler(), "memo": HeldHandler()}),
    ):
        stream = await coordinator.stream()
        assert stream.hello.worker == "test-worker"
        assert list(stream.hello.queues) == ["notes"]
        assert set(stream.hello.kinds) == {"note", "memo"}


async def test_credit_is_granted_again_only_when_a_completion_is_answered() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=3):
        stream = await coordinator.stream()
        assert stream.credit.jobs_total == 3
        coordinator.answers_verbs.clear()
        stream.send_jobs([new_lease() for _ in range(3)])
        await eventually(lambda: handler.running == 3)
        handler.may_end.set()
        await eventually(lambda: coordinator.completions)
        pings = len(stream.pings)
        await eventually(lambda: len(stream.pings) > pings + 1)
        assert stream.credit.jobs_total == 3
        coordinator.answers_verbs.set()
        await eventually(lambda: stream.credit.jobs_total == 6)
        assert stream.credit.ended_total == 3


async def test_a_worker_never_runs_more_jobs_than_its_concurrency() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=4):
        stream = await coordinator.stream()
        sent = 0
        while sent < 60:
            room = stream.credit.jobs_total - sent
            stream.send_jobs([new_lease() for _ in range(room)])
            sent += room
            await eventually(lambda: stream.credit.jobs_total > sent)  # noqa: B023 - asked within this round
        await eventually(lambda: len(coordinator.completed) == sent)
        assert handler.most_running <= 4


async def test_jobs_beyond_the_credit_are_given_back_and_not_run() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=2):
        stream = await coordinator.stream()
        leases = [new_lease() for _ in range(5)]
        stream.send_jobs(leases)
        await eventually(lambda: len(coordinator.releases) == 3)
        assert sorted(coordinator.releases, key=leases.index) == leases[2:]
        assert handler.running == 2


async def test_bytes_are_granted_as_totals_too() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, max_bytes=1_000):
        stream = await coordinator.stream()
        assert stream.credit.bytes_total == 1_000
        stream.send_jobs([new_lease()], size=400)
        await eventually(lambda: handler.running == 1)
        handler.may_end.set()
        await eventually(lambda: stream.credit.bytes_total == 1_400)


async def test_without_a_limit_by_bytes_none_is_named() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}):
        stream = await coordinator.stream()
        assert not stream.credit.HasField("bytes_total")


async def test_the_concurrency_may_grow_and_shrink_while_the_worker_runs() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=2) as runtime:
        stream = await coordinator.stream()
        assert stream.credit.jobs_total == 2
        runtime.set_concurrency(4)
        await eventually(lambda: stream.credit.jobs_total == 4)
        stream.send_jobs([new_lease() for _ in range(3)])
        await eventually(lambda: handler.running == 3)
        runtime.set_concurrency(1)
        await eventually(lambda: stream.credit.jobs_total == 3)
        assert handler.cancelled == []
        handler.may_end.set()
        await eventually(lambda: stream.credit.jobs_total == 4)
        assert stream.credit.ended_total == 3


async def test_another_concurrency_holds_for_the_streams_that_follow() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}) as runtime:
        stream = await coordinator.stream()
        runtime.set_concurrency(7)
        await eventually(lambda: stream.room == 7)
        stream.end()
        assert (await coordinator.stream(1)).room == 7


async def test_a_worker_takes_at_least_one_job_at_a_time_and_as_many_as_it_can_name() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}) as runtime:
        with pytest.raises(ValueError, match="at least one job at a time, not 0"):
            runtime.set_concurrency(0)
        with pytest.raises(ValueError, match="at most 10,000 jobs at a time, not 10,001"):
            runtime.set_concurrency(10_001)
