"""Enqueue and GetJob on a real port."""

from uuid import uuid4

import grpc
import grpc.aio
import psycopg
import pytest

from protos.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from tests.service.calls import enqueue, get_job, new_job, refusal_of


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


async def test_an_enqueued_job_can_be_read_by_its_owner(channel: grpc.aio.Channel) -> None:
    job_id, second = await enqueue(channel, new_job(b"one", priority=3), new_job(b"two"))
    job = await get_job(channel, job_id)
    assert (job.state, job.priority, job.lane, job.attempt) == (job_pb2.JOB_STATE_PENDING, 3, "tests", 0)
    assert job.max_attempts == 4
    assert second > job_id, "ids of one request are in its order"


async def test_another_owners_job_is_not_found(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    refused = await refusal_of(get_job(channel, job_id, owner="someone else"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")


async def test_the_same_enqueue_key_twice_gives_the_first_jobs_back(channel: grpc.aio.Channel, owner_url: str) -> None:
    first = await enqueue(channel, new_job(b"a"), new_job(b"b"), key="k1")
    again = await enqueue(channel, new_job(b"a"), new_job(b"b"), key="k1")
    assert again == first
    assert count(owner_url, "sluice.jobs") == 2


async def test_a_key_with_other_content_is_refused_and_stores_nothing(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    await enqueue(channel, new_job(b"a"), key="k1")
    refused = await refusal_of(enqueue(channel, new_job(b"other"), key="k1"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED")
    assert count(owner_url, "sluice.jobs") == 1


async def test_a_key_belongs_to_its_owner(channel: grpc.aio.Channel) -> None:
    mine = await enqueue(channel, new_job(b"a"), key="k1")
    theirs = await enqueue(channel, new_job(b"b"), key="k1", owner="someone else")
    assert mine != theirs


async def test_a_batch_with_one_bad_job_stores_none(channel: grpc.aio.Channel, owner_url: str) -> None:
    refused = await refusal_of(enqueue(channel, new_job(b"fine"), new_job(queue="no blanks allowed")))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert refused.info.metadata["field"] == "jobs[1].queue"
    assert count(owner_url, "sluice.jobs") == 0


async def test_a_payload_over_the_limit_is_refused_by_name_limit_and_value(channel: grpc.aio.Channel) -> None:
    refused = await refusal_of(enqueue(channel, new_job(bytes(262_145))))
    assert refused.reason == "PAYLOAD_TOO_LARGE"
    assert dict(refused.info.metadata) == {"field": "jobs[0].payload", "limit": "262144", "value": "262145"}


@pytest.mark.parametrize("number", [0, 5_001])
async def test_a_request_without_jobs_or_with_too_many_is_refused(channel: grpc.aio.Channel, number: int) -> None:
    refused = await refusal_of(enqueue(channel, *[new_job()] * number))
    assert (refused.reason, refused.info.metadata["limit"]) == ("INVALID_REQUEST", "5000")


async def test_a_delayed_job_is_scheduled_with_its_time(channel: grpc.aio.Channel) -> None:
    request = job_service_pb2.EnqueueRequest(owner="tests", jobs=[new_job()])
    request.jobs[0].delay.FromSeconds(3600)
    response = await job_service_pb2_grpc.JobServiceStub(channel).Enqueue(request)
    job = (
        await job_service_pb2_grpc.JobServiceStub(channel).GetJob(
            job_service_pb2.GetJobRequest(owner="tests", job_id=response.job_ids[0])
        )
    ).job
    assert job.state == job_pb2.JOB_STATE_SCHEDULED
    assert 3500 < job.run_at.seconds - job.created_at.seconds < 3700


async def test_an_id_that_is_none_is_refused_by_name(channel: grpc.aio.Channel) -> None:
    stub = job_service_pb2_grpc.JobServiceStub(channel)
    refused = await refusal_of(stub.GetJob(job_service_pb2.GetJobRequest(owner="tests", job_id="17")))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "job_id")


async def test_an_unknown_id_is_not_found(channel: grpc.aio.Channel) -> None:
    assert (await refusal_of(get_job(channel, uuid4()))).reason == "JOB_NOT_FOUND"
