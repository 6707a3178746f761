"""What producers, workers and operators can do with a job of any kind, over gRPC."""

import asyncio
import json
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from protos.jobs.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
)
from tests.service.calls import (
    OWNER,
    cancel,
    complete,
    enqueue,
    fail,
    get_job,
    new_job,
    refusal_of,
    release,
    report,
    snooze,
)
from tests.service.claim_stream import ClaimStream, claim_stream, leased, leases_of
from tests.service.conftest import Connect, StartCoordinator
from tests.service.test_claim_batch import claim_batch
from tests.waiting import eventually

PENDING, SCHEDULED, PROCESSING = (
    job_pb2.JOB_STATE_PENDING,
    job_pb2.JOB_STATE_SCHEDULED,
    job_pb2.JOB_STATE_PROCESSING,
)
COMPLETED, FAILED, CANCELLED = (
    job_pb2.JOB_STATE_COMPLETED,
    job_pb2.JOB_STATE_FAILED,
    job_pb2.JOB_STATE_CANCELLED,
)


async def claimed(channel: grpc.aio.Channel, stream: ClaimStream, **fields: Any) -> tuple[UUID, int]:
    """Enqueues a job and has the stream claim it."""
    await enqueue(channel, new_job(**fields))
    await stream.grant(1)
    (lease,) = leased(await stream.jobs())
    return lease


async def test_a_snoozed_job_waits_for_its_time_and_no_attempt_is_counted(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        assert await snooze(channel, lease, 1) == []
        job = await get_job(channel, lease[0])
        assert (job.state, job.attempt, len(job.errors)) == (SCHEDULED, 0, 0)
        assert await snooze(channel, lease, 3600) == [], "a repeat is harmless"
        assert (await get_job(channel, lease[0])).run_at == job.run_at, "and keeps the first time"
        assert await complete(channel, lease) == [0]
        await stream.grant(2, ended=1)
        assert list((await stream.jobs()).attempts) == [1]


async def test_a_stale_token_can_neither_snooze_nor_report_progress(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        assert await release(channel, lease) == []
        before = await get_job(channel, lease[0])
        assert await snooze(channel, lease, 1) == [0]
        assert await report(channel, lease, 1, 2, "half") == [0]
        assert await get_job(channel, lease[0]) == before


async def test_a_pending_job_is_cancelled_at_once_and_its_payload_is_not_kept(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    (job_id,) = await enqueue(channel, new_job(b"secret"))
    await cancel(channel, job_id)
    await cancel(channel, job_id)
    assert (await get_job(channel, job_id)).state == CANCELLED
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT payload FROM sluice.job_history").fetchall() == [(None,)]
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        (other,) = await enqueue(channel, new_job())
        assert leased(await stream.jobs())[0][0] == other


async def test_a_worker_is_told_that_its_job_was_cancelled_and_its_token_is_void(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        await cancel(channel, lease[0])
        assert leases_of((await stream.pong()).cancelled) == [lease]
        assert await complete(channel, lease) == [0]
        assert (await fail(channel, lease)).refusal_reason == "LEASE_LOST"
        assert (await get_job(channel, lease[0])).state == CANCELLED


@pytest.mark.parametrize("listen", [True, False])
async def test_a_worker_of_another_coordinator_is_told_as_well(
    start_coordinator: StartCoordinator, connect: Connect, *, listen: bool
) -> None:
    here, there = [connect(await start_coordinator(listen=listen)) for _ in range(2)]
    async with claim_stream(here) as stream:
        lease = await claimed(here, stream)
        await cancel(there, lease[0])
        assert leases_of((await stream.pong()).cancelled) == [lease]


async def test_what_has_ended_cannot_be_cancelled_and_another_owners_job_is_not_found(
    channel: grpc.aio.Channel,
) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        refused = await refusal_of(cancel(channel, lease[0], owner="somebody else"))
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")
        assert await complete(channel, lease) == []
    refused = await refusal_of(cancel(channel, lease[0]))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "JOB_FINISHED")
    assert refused.info.metadata["state"] == "completed"


async def test_progress_is_kept_across_attempts_and_in_history(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        assert not (await get_job(channel, lease[0])).HasField("progress")
        assert await report(channel, lease, 3, 10, "reading \0 on") == []
        await release(channel, lease)
        progress = (await get_job(channel, lease[0])).progress
        assert (progress.done, progress.total, progress.message) == (3, 10, "reading \N{REPLACEMENT CHARACTER} on")
        await stream.grant(2, ended=1)
        await complete(channel, *leased(await stream.jobs()))
    assert (await get_job(channel, lease[0])).progress == progress


async def test_a_result_is_kept_and_a_repeat_keeps_the_first(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        assert await complete(channel, lease, results=['{"rows": 5}']) == []
        assert await complete(channel, lease, results=['{"rows": 6}']) == []
    assert json.loads((await get_job(channel, lease[0])).result) == {"rows": 5}


@pytest.mark.parametrize(
    ("results", "reason", "field"),
    [
        (["{", ""], "INVALID_REQUEST", "results"),
        (["NaN"], "INVALID_REQUEST", "results[0]"),
        (["{"], "INVALID_REQUEST", "results[0]"),
        (["[" * 8_000 + "]" * 8_000], "INVALID_REQUEST", "results[0]"),
        (['"' + "a" * 16_384 + '"'], "PAYLOAD_TOO_LARGE", "results[0]"),
    ],
)
async def test_a_result_that_is_no_small_json_is_refused_and_the_job_stays(
    channel: grpc.aio.Channel, results: list[str], reason: str, field: str
) -> None:
    async with claim_stream(channel) as stream:
        lease = await claimed(channel, stream)
        refused = await refusal_of(complete(channel, lease, results=results))
        assert (refused.reason, refused.info.metadata["field"]) == (reason, field)
        assert (await get_job(channel, lease[0])).state == PROCESSING


async def enqueue_unique(channel: grpc.aio.Channel, *keys: str, request_key: str = "", **fields: Any) -> Any:
    jobs = [new_job(unique_key=key, **fields) for key in keys]
    request = job_service_pb2.EnqueueRequest(owner=OWNER, jobs=jobs, idempotency_key=request_key)
    return await job_service_pb2_grpc.JobServiceStub(channel).Enqueue(request)


async def test_a_unique_key_gives_the_unfinished_job_that_has_it(channel: grpc.aio.Channel) -> None:
    first = await enqueue_unique(channel, "daily")
    again = await enqueue_unique(channel, "other", "daily", "", "other", request_key="r1")
    assert again.job_ids[1] == first.job_ids[0]
    assert again.job_ids[3] == again.job_ids[0]
    assert list(again.existing) == [1, 3]
    repeat = await enqueue_unique(channel, "other", "daily", "", "other", request_key="r1")
    assert (list(repeat.job_ids), repeat.repeated_request) == (list(again.job_ids), True)
    assert (await get_job(channel, UUID(first.job_ids[0]))).unique_key == "daily"


async def test_a_unique_key_is_free_again_once_its_job_has_ended_and_is_the_owners_alone(
    channel: grpc.aio.Channel,
) -> None:
    (first,) = (await enqueue_unique(channel, "daily")).job_ids
    (others,) = await enqueue(channel, new_job(unique_key="daily"), owner="another")
    assert str(others) != first
    await cancel(channel, UUID(first))
    response = await enqueue_unique(channel, "daily")
    assert (list(response.existing), response.job_ids[0] != first) == ([], True)


async def test_many_who_enqueue_under_one_unique_key_at_once_get_one_job(channel: grpc.aio.Channel) -> None:
    responses = await asyncio.gather(*(enqueue_unique(channel, "one", "two") for _ in range(12)))
    assert len({tuple(response.job_ids) for response in responses}) == 1
    assert sum(not response.existing for response in responses) == 1


async def test_a_job_that_nobody_takes_in_its_time_fails_and_can_be_redriven(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job(b"late", expire_after=Duration(seconds=1)))
    assert (await get_job(channel, job_id)).HasField("expires_at")

    async def has_expired() -> bool:
        return (await get_job(channel, job_id)).state == FAILED

    await eventually(has_expired)
    job = await get_job(channel, job_id)
    assert [(error.reason, error.attempt) for error in job.errors] == [("JOB_EXPIRED", 0)]
    await redrive(channel, job_ids=[str(job_id)])
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        assert list((await stream.jobs()).payloads) == [b"late"]


async def test_a_job_that_was_taken_in_time_does_not_expire_while_it_is_worked_on_or_retried(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    async with claim_stream(channel) as stream:
        policy = job_pb2.RetryPolicy(base=Duration(seconds=0))
        lease = await claimed(channel, stream, expire_after=Duration(seconds=1), retry_policy=policy)
        with psycopg.connect(owner_url) as connection:
            connection.execute("UPDATE sluice.jobs SET expires_at = now() - interval '1 minute'")
        (other,) = await enqueue(channel, new_job(kind="unwanted", expire_after=Duration(seconds=1)))

        async def other_has_expired() -> bool:
            return (await get_job(channel, other)).state == FAILED

        await eventually(other_has_expired)
        assert (await fail(channel, lease)).state == SCHEDULED
        await stream.grant(2, ended=1)
        assert list((await stream.jobs()).attempts) == [2]


async def redrive(channel: grpc.aio.Channel, **fields: Any) -> admin_service_pb2.RedriveJobsResponse:
    request = admin_service_pb2.RedriveJobsRequest(**fields)
    return await admin_service_pb2_grpc.AdminServiceStub(channel).RedriveJobs(request)


async def failed_jobs(channel: grpc.aio.Channel, number: int, **fields: Any) -> list[UUID]:
    ids = await enqueue(channel, *[new_job(b"%d" % place, **fields) for place in range(number)])
    async with claim_stream(channel, kinds=(fields.get("kind", "work"),)) as stream:
        await stream.grant(number)
        left = number
        while left:
            for lease in leased(await stream.jobs()):
                assert (await fail(channel, lease, permanent=True)).state == FAILED
                left -= 1
        await stream.goodbye()
    return ids


async def test_failed_jobs_are_redriven_by_id_with_a_fresh_set_of_attempts(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    failed, other = await failed_jobs(channel, 2)
    response = await redrive(channel, job_ids=[str(failed), str(failed)])
    assert (list(response.job_ids), response.more) == ([str(failed)], False)
    job = await get_job(channel, failed)
    assert (job.state, job.attempt, len(job.errors)) == (PENDING, 0, 1)
    assert (await get_job(channel, other)).state == FAILED
    assert not (await redrive(channel, job_ids=[str(failed)])).job_ids, "a repeat does nothing"
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        batch = await stream.jobs()
        assert (list(batch.payloads), list(batch.attempts)) == ([b"0"], [1])
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute("SELECT principal, act, details FROM sluice.audit_log ORDER BY id").fetchall()
    assert [row[:2] for row in rows] == [("local", "RedriveJobs")] * 2
    assert [row[2]["redriven"] for row in rows] == [[str(failed)], []]


async def test_failed_jobs_are_redriven_by_a_filter_in_bounded_steps(channel: grpc.aio.Channel) -> None:
    await failed_jobs(channel, 3)
    await failed_jobs(channel, 1, kind="other")
    wanted = admin_service_pb2.FailedJobFilter(queue="default", kind="work", owner=OWNER, reason="BROKEN")
    first = await redrive(channel, filter=wanted, limit=2)
    assert (len(first.job_ids), first.more) == (2, True)
    rest = await redrive(channel, filter=wanted, limit=2)
    assert (len(rest.job_ids), rest.more) == (1, False)
    for field, value in (("owner", "nobody"), ("reason", "OTHER"), ("kind", "none"), ("queue", "none")):
        nothing = admin_service_pb2.FailedJobFilter(queue="default")
        setattr(nothing, field, value)
        assert not (await redrive(channel, filter=nothing)).job_ids, field
    long_ago = Timestamp(seconds=1)
    before = admin_service_pb2.FailedJobFilter(queue="default", failed_until=long_ago)
    assert not (await redrive(channel, filter=before)).job_ids
    since = admin_service_pb2.FailedJobFilter(queue="default", failed_from=long_ago)
    assert len((await redrive(channel, filter=since)).job_ids) == 1


async def test_a_redrive_leaves_alone_what_has_an_unfinished_namesake(channel: grpc.aio.Channel) -> None:
    failed, twin = [(await failed_jobs(channel, 1, unique_key="daily"))[0] for _ in range(2)]
    (namesake,) = (await enqueue_unique(channel, "daily")).job_ids
    assert not (await redrive(channel, job_ids=[str(failed)])).job_ids
    await cancel(channel, UUID(namesake))
    assert len((await redrive(channel, job_ids=[str(failed), str(twin)])).job_ids) == 1, "nor both of two twins"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "job_ids"),
        ({"job_ids": ["x"], "filter": admin_service_pb2.FailedJobFilter(queue="q")}, "job_ids"),
        ({"job_ids": ["x"]}, "job_ids[0]"),
        ({"filter": admin_service_pb2.FailedJobFilter()}, "filter.queue"),
        ({"filter": admin_service_pb2.FailedJobFilter(queue="q", reason="no reason")}, "filter.reason"),
        ({"filter": admin_service_pb2.FailedJobFilter(queue="q"), "limit": 1001}, "limit"),
        (
            {"filter": admin_service_pb2.FailedJobFilter(queue="q", failed_from=Timestamp(seconds=2**60))},
            "filter.failed_from",
        ),
    ],
)
async def test_a_redrive_that_cannot_be_meant_is_refused(
    channel: grpc.aio.Channel, fields: dict[str, Any], field: str
) -> None:
    refused = await refusal_of(redrive(channel, **fields))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"weight": 0.001}, "jobs[0].weight"),
        ({"weight": float("nan")}, "jobs[0].weight"),
        ({"unique_key": "k" * 201}, "jobs[0].unique_key"),
        ({"expire_after": Duration(nanos=1)}, "jobs[0].expire_after"),
        ({"retry_policy": job_pb2.RetryPolicy(jitter=1.5)}, "jobs[0].retry_policy.jitter"),
    ],
)
async def test_a_limit_that_is_passed_is_named(channel: grpc.aio.Channel, fields: dict[str, Any], field: str) -> None:
    refused = await refusal_of(enqueue(channel, new_job(**fields)))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", field)
    assert {"limit", "value"} <= set(refused.info.metadata)


async def test_without_jitter_the_backoff_is_the_whole_bound(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        policy = job_pb2.RetryPolicy(base=Duration(seconds=100), jitter=0.0)
        lease = await claimed(channel, stream, retry_policy=policy)
        assert (await fail(channel, lease)).delay.seconds == 100


async def test_the_leases_of_a_batch_run_anew_from_a_report_of_progress(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    await enqueue(channel, new_job())
    (batch,) = await claim_batch(channel, "r1", lease=2)
    (lease,) = leased(batch)

    async def reports_past_two_leases() -> bool:
        assert await report(channel, lease, 1, 0, "still here") == []
        with psycopg.connect(owner_url) as connection:
            row = connection.execute(
                "SELECT now() - opened_at > interval '4.5 s' FROM sluice.worker_sessions"
            ).fetchone()
        return row is not None and bool(row[0])

    await eventually(reports_past_two_leases)
    assert await complete(channel, lease) == []


async def test_a_job_held_by_a_commit_does_not_keep_others_from_being_released(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    await enqueue(channel, *[new_job()] * 3)
    async with claim_stream(channel) as stream:
        await stream.grant(3)
        held: list[tuple[UUID, int]] = []
        while len(held) < 3:
            held += leased(await stream.jobs())
        with psycopg.connect(owner_url) as commit:
            commit.execute("SELECT FROM sluice.jobs WHERE id = %s FOR UPDATE", [held[0][0]])
            releasing = asyncio.create_task(release(channel, *held))

            async def the_others_are_back() -> bool:
                states = [(await get_job(channel, job_id)).state for job_id, _ in held]
                return states == [PROCESSING, PENDING, PENDING]

            await eventually(the_others_are_back)
        assert await releasing == []
        assert (await get_job(channel, held[0][0])).state == PENDING
