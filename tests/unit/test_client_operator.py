"""What operators call: each method of AdminService, with what it asks and what it makes of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from coordinator_client import Operator
from protos.jobs.v1 import admin_service_pb2 as messages
from protos.jobs.v1 import job_pb2
from tests.unit.fake_coordinator import FakeCoordinator

FAILED = job_pb2.JOB_STATE_FAILED
LIMITS = messages.QueueLimits(max_running=3)
JOB = job_pb2.Job(id="j1")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOON_STAMP = messages.PruneJobsRequest().finished_before.__class__(seconds=int(NOON.timestamp()))


@pytest.mark.parametrize(
    ("call", "request_", "response", "result"),
    [
        (
            lambda o: o.get_queue_stats("q"),
            messages.GetQueueStatsRequest(queue="q"),
            messages.GetQueueStatsResponse(queues=[messages.QueueStats(queue="q")]),
            messages.GetQueueStatsResponse(queues=[messages.QueueStats(queue="q")]),
        ),
        (
            lambda o: o.pause_queue("q"),
            messages.PauseQueueRequest(queue="q"),
            messages.PauseQueueResponse(changed=True),
            True,
        ),
        (lambda o: o.resume_queue("q"), messages.ResumeQueueRequest(queue="q"), messages.ResumeQueueResponse(), False),
        (
            lambda o: o.set_queue_limits("q", LIMITS),
            messages.SetQueueLimitsRequest(queue="q", limits=LIMITS),
            messages.SetQueueLimitsResponse(previous=messages.QueueLimits(max_depth=1)),
            messages.QueueLimits(max_depth=1),
        ),
        (
            lambda o: o.drain_worker("7"),
            messages.DrainWorkerRequest(session_id="7"),
            messages.DrainWorkerResponse(changed=True),
            True,
        ),
        (lambda o: o.get_job("j1"), messages.GetAnyJobRequest(job_id="j1"), messages.GetAnyJobResponse(job=JOB), JOB),
        (
            lambda o: o.cancel_jobs(filter=messages.OpenJobFilter(queue="q"), limit=5),
            messages.CancelJobsRequest(filter=messages.OpenJobFilter(queue="q"), limit=5),
            messages.CancelJobsResponse(job_ids=["j1"], more=True),
            messages.CancelJobsResponse(job_ids=["j1"], more=True),
        ),
        (lambda o: o.reap(), messages.ReapRequest(), messages.ReapResponse(jobs=2), messages.ReapResponse(jobs=2)),
        (
            lambda o: o.prune_jobs(NOON, queue="q", states=[FAILED], limit=9),
            messages.PruneJobsRequest(finished_before=NOON_STAMP, queue="q", states=[FAILED], limit=9),
            messages.PruneJobsResponse(jobs=3),
            messages.PruneJobsResponse(jobs=3),
        ),
    ],
)
async def test_an_operators_call_asks_and_answers_as_the_contract_says(
    call: Callable[[Operator], Coroutine[Any, Any, Any]], request_: Any, response: Any, result: object
) -> None:
    coordinator = FakeCoordinator()
    calling = asyncio.create_task(call(Operator(coordinator.channel)))
    method = type(request_).__name__.removesuffix("Request")
    assert await coordinator.answer(f"/jobs.v1.AdminService/{method}", response) == request_
    assert await calling == result


@pytest.mark.parametrize(
    ("call", "request_", "response", "field", "item"),
    [
        (
            lambda o: o.list_workers(include_closed=True, page_size=1),
            messages.ListWorkersRequest(include_closed=True, page_size=1),
            messages.ListWorkersResponse,
            "workers",
            messages.Worker(name="w1"),
        ),
        (
            lambda o: o.list_jobs(queue="q", kind="k", owner="me", states=[FAILED], reason="R", page_size=1),
            messages.ListAllJobsRequest(queue="q", kind="k", owner="me", states=[FAILED], reason="R", page_size=1),
            messages.ListAllJobsResponse,
            "jobs",
            JOB,
        ),
        (
            lambda o: o.list_audit(page_size=1),
            messages.ListAuditRequest(page_size=1),
            messages.ListAuditResponse,
            "entries",
            messages.AuditEntry(id=1),
        ),
    ],
)
async def test_a_list_is_read_page_by_page(
    call: Callable[[Operator], AsyncGenerator[Any, None]], request_: Any, response: Any, field: str, item: Any
) -> None:
    coordinator = FakeCoordinator()

    async def read() -> list[Any]:
        return [each async for each in call(Operator(coordinator.channel))]

    reading = asyncio.create_task(read())
    path = f"/jobs.v1.AdminService/{type(request_).__name__.removesuffix('Request')}"
    assert await coordinator.answer(path, response(**{field: [item]}, next_page_token="2")) == request_
    request_.page_token = "2"
    assert await coordinator.answer(path, response(**{field: [item]})) == request_
    assert await reading == [item, item]


async def test_a_time_without_a_zone_prunes_nothing() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        await Operator(FakeCoordinator().channel).prune_jobs(NOON.replace(tzinfo=None))
