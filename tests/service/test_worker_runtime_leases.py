"""The stream is the lease: what a worker does when either of them ends."""

from __future__ import annotations

import asyncio

import pytest

from coordinator_client.job_context import JobContext
from coordinator_client.outcomes import Ended
from coordinator_client.stop_signal import EndReason
from protos.jobs.v1 import worker_service_pb2
from tests.service.scripted_coordinator import LEASE_MS, job_batch, new_lease
from tests.service.worker_fixtures import HeldHandler, scripted, working
from tests.waiting import eventually


async def test_a_lost_lease_stops_its_handler_and_no_other() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        lost, kept = new_lease(), new_lease()
        stream.send_jobs([lost, kept])
        await eventually(lambda: handler.running == 2)
        stream.send_pong(lost=[lost])
        await eventually(lambda: handler.running == 1)
        assert [context.lease for context in handler.cancelled] == [lost]
        assert handler.cancelled[0].is_cancelled
        assert handler.cancelled[0].end_reason is EndReason.LOST
        handler.may_end.set()
        await eventually(lambda: stream.credit.ended_total == 2)
        assert coordinator.completed == [kept]
        assert coordinator.failures == []
        assert coordinator.releases == []


async def test_a_cancelled_job_stops_its_handler_which_can_tell() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease, new_lease()])
        await eventually(lambda: handler.running == 2)
        stream.send_pong(cancelled=[lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        (context,) = handler.cancelled
        assert (context.lease, context.is_cancelled, context.end_reason) == (lease, True, EndReason.CANCELLED)
        assert coordinator.completions == coordinator.failures == coordinator.releases == []


async def test_jobs_do_not_stand_in_for_answers_to_pings() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        coordinator.answers_pings = False

        def another_stream_after_one_more_job() -> bool:
            stream.send_jobs([new_lease()])
            return len(coordinator.streams) > 1

        await eventually(another_stream_after_one_more_job, timeout=3)


async def test_an_unasked_pong_does_not_prove_the_lease() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}):
        stream = await coordinator.stream()
        coordinator.answers_pings = False

        def another_stream_after_one_more_pong() -> bool:
            stream.send_pong()
            return len(coordinator.streams) > 1

        await eventually(another_stream_after_one_more_pong, timeout=3)


async def test_a_handler_that_waits_does_not_keep_pings_waiting() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease() for _ in range(5)])
        await eventually(lambda: handler.running == 5)
        await eventually(lambda: len(stream.pings) >= 2 * LEASE_MS / 100)
        assert len(coordinator.streams) == 1
        assert handler.running == 5


@pytest.mark.parametrize("column", ["attempts", "kind_indexes", "payloads", "sizes", "deadlines_ms"])
async def test_a_batch_with_uneven_columns_ends_the_stream_and_runs_nothing(column: str) -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        batch = job_batch([new_lease(), new_lease()])
        del getattr(batch, column)[-1]
        stream.outbox.put_nowait(worker_service_pb2.ClaimResponse(jobs=batch))
        await coordinator.stream(1)
        assert handler.started == []


async def test_a_completion_that_is_refused_is_dropped() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        coordinator.refuses = True
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert len(coordinator.completions) == 1
        assert coordinator.failures == []


async def test_a_handler_that_survives_its_lease_completes_nothing() -> None:
    started, survived = asyncio.Event(), asyncio.Event()

    async def stubborn(context: JobContext) -> Ended | None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            survived.set()
        return None

    async with scripted() as coordinator, working(coordinator, {"note": stubborn}):
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        # Lost before it has begun, it would never begin.
        await eventually(started.is_set)
        stream.send_pong(lost=[lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert survived.is_set()
        assert coordinator.completions == []
