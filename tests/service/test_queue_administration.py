"""Pauses and limits by their calls, on two coordinators of one database."""

import asyncio
import json
from typing import Any

import grpc.aio
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration

from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc, worker_service_pb2, worker_service_pb2_grpc
from tests.service.calls import complete, enqueue, get_job, new_job, refusal_of
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

NO_POLL = 60.0


def admin(channel: grpc.aio.Channel) -> "admin_service_pb2_grpc.AdminServiceAsyncStub":
    return admin_service_pb2_grpc.AdminServiceStub(channel)


async def limit(channel: grpc.aio.Channel, queue: str = "default", **limits: Any) -> admin_service_pb2.QueueLimits:
    wanted = admin_service_pb2.QueueLimits(**limits)
    request = admin_service_pb2.SetQueueLimitsRequest(queue=queue, limits=wanted)
    return (await admin(channel).SetQueueLimits(request)).previous


async def pause(channel: grpc.aio.Channel) -> bool:
    return (await admin(channel).PauseQueue(admin_service_pb2.PauseQueueRequest(queue="default"))).changed


async def resume(channel: grpc.aio.Channel) -> bool:
    return (await admin(channel).ResumeQueue(admin_service_pb2.ResumeQueueRequest(queue="default"))).changed


@pytest.fixture
async def here_and_there(
    start_coordinator: StartCoordinator, connect: Connect
) -> tuple[grpc.aio.Channel, grpc.aio.Channel]:
    here, there = [connect(await start_coordinator(poll_seconds=NO_POLL)) for _ in range(2)]
    return here, there


async def test_a_pause_holds_at_every_coordinator_and_waiting_workers_go_on_when_it_ends(
    here_and_there: tuple[grpc.aio.Channel, grpc.aio.Channel],
) -> None:
    here, there = here_and_there
    async with claim_stream(there) as stream:
        await stream.grant(10)
        await enqueue(here, new_job())
        (held,) = leased(await stream.jobs())
        assert await pause(here)
        assert not await pause(there)
        await enqueue(there, new_job(b"later"))
        claim = worker_service_pb2.ClaimBatchRequest(
            worker="b", queues=["default"], kinds=["work"], max_jobs=1, request_id="r", wait=Duration(seconds=1)
        )
        answer = await worker_service_pb2_grpc.WorkerServiceStub(here).ClaimBatch(claim)
        assert list(answer.batches) == []
        assert await complete(there, held) == [], "what is leased goes on"
        assert await resume(here)
        assert list((await stream.jobs()).payloads) == [b"later"]
        assert not await resume(there)


async def test_without_listen_a_queue_goes_on_within_a_moment(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator(listen=False, poll_seconds=0.2)) for _ in range(2)]
    await pause(here)
    async with claim_stream(there) as stream:
        await stream.grant(1)
        await enqueue(here, new_job(b"later"))
        await resume(here)
        assert list((await stream.jobs()).payloads) == [b"later"]


async def test_an_end_at_one_coordinator_lets_the_next_go_to_a_worker_of_another(
    here_and_there: tuple[grpc.aio.Channel, grpc.aio.Channel],
) -> None:
    here, there = here_and_there
    assert await limit(here, max_running_per_lane=1) == admin_service_pb2.QueueLimits()
    async with claim_stream(here) as one, claim_stream(there) as other:
        await one.grant(1)
        first, second = await enqueue(here, new_job(lane="a"), new_job(lane="a"))
        (held,) = leased(await one.jobs())
        assert held[0] == first
        await other.grant(1)
        await other.ping()

        async def waits() -> bool:
            return (await get_job(here, second)).waits_for_lane

        await eventually(waits)
        await complete(here, held)
        assert [job_id for job_id, _ in leased(await other.jobs())] == [second]


async def test_a_full_queue_refuses_more_says_when_to_come_back_and_repeats_its_answers(
    here_and_there: tuple[grpc.aio.Channel, grpc.aio.Channel],
) -> None:
    here, there = here_and_there
    await limit(here, max_depth=5)
    ids = await enqueue(here, *[new_job()] * 3, new_job(delay=Duration(seconds=60)), new_job(), key="k")
    refused = await refusal_of(enqueue(here, new_job()))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    assert refused.retry_after_seconds
    assert dict(refused.info.metadata) == {"queue": "default", "limit": "5", "value": "5"}
    await eventually(lambda: _is_refused(there))
    assert await enqueue(here, *[new_job()] * 3, new_job(delay=Duration(seconds=60)), new_job(), key="k") == ids
    await enqueue(here, new_job(queue="other"))
    async with claim_stream(here) as stream:
        await stream.grant(1)
        await complete(here, *leased(await stream.jobs()))
        await eventually(lambda: _is_accepted(here))


async def _is_refused(channel: grpc.aio.Channel) -> bool:
    try:
        await enqueue(channel, new_job(queue="default"))
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return False


async def _is_accepted(channel: grpc.aio.Channel) -> bool:
    return not await _is_refused(channel)


async def test_a_waiting_worker_is_woken_when_the_bucket_fills(
    here_and_there: tuple[grpc.aio.Channel, grpc.aio.Channel],
) -> None:
    here, there = here_and_there
    await limit(here, rate=admin_service_pb2.RateLimit(per_second=20, burst=2))
    async with claim_stream(there) as stream:
        await stream.grant(100)
        began = asyncio.get_running_loop().time()
        await enqueue(here, *[new_job()] * 12)
        held = 0
        while held < 12:
            held += len(leased(await stream.jobs()))
        assert asyncio.get_running_loop().time() - began >= 10 / 20


async def test_what_was_set_is_written_down(
    here_and_there: tuple[grpc.aio.Channel, grpc.aio.Channel], owner_url: str
) -> None:
    here, _ = here_and_there
    await limit(here, max_running=3, rate=admin_service_pb2.RateLimit(per_second=2.5))
    previous = await limit(here)
    assert (previous.max_running, previous.rate.per_second, previous.rate.burst) == (3, 2.5, 2)
    assert not previous.HasField("max_depth")
    await pause(here)
    await resume(here)
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute("SELECT act, details FROM sluice.audit_log ORDER BY id").fetchall()
    assert [act for act, _ in rows] == ["SetQueueLimits", "SetQueueLimits", "PauseQueue", "ResumeQueue"]
    assert rows[0][1] == json.loads(
        '{"queue": "default", "limits": {"max_running": 3, "rate": {"per_second": 2.5}}, "previous": {}}'
    )
    assert rows[2][1] == {"queue": "default", "changed": True}


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"max_depth": 0}, "limits.max_depth"),
        ({"max_running": -1}, "limits.max_running"),
        ({"max_running_per_lane": 2_000_000}, "limits.max_running_per_lane"),
        ({"rate": admin_service_pb2.RateLimit(per_second=0)}, "limits.rate.per_second"),
        ({"rate": admin_service_pb2.RateLimit(per_second=1, burst=0)}, "limits.rate.burst"),
    ],
)
async def test_limits_that_make_no_sense_are_refused(
    channel: grpc.aio.Channel, limits: dict[str, Any], field: str
) -> None:
    refused = await refusal_of(limit(channel, **limits))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", field)
    assert (await refusal_of(limit(channel, queue="no name"))).info.metadata["field"] == "queue"
