"""What the client's unary calls send, and when they send it again."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from coordinator_client import errors
from coordinator_client.listens import ListenClient
from coordinator_client.operator import Operator
from coordinator_client.producer import Producer
from coordinator_client.uploads import UploadClient
from protos.jobs.v1 import admin_service_pb2, job_pb2, job_service_pb2
from protos.listens.v1 import listen_service_pb2
from protos.uploads.v1 import upload_service_pb2
from tests.unit.fake_coordinator import FakeCoordinator
from tests.unit.test_client_errors import failed, info

ENQUEUE = "/jobs.v1.JobService/Enqueue"
GET_JOB = "/jobs.v1.JobService/GetJob"
CANCEL_JOB = "/jobs.v1.JobService/CancelJob"
REDRIVE_JOBS = "/jobs.v1.AdminService/RedriveJobs"
RETRY_UPLOAD = "/uploads.v1.UploadService/RetryUpload"
APPEND_FILE = "/uploads.v1.UploadService/AppendFile"
LIST_TOP = "/listens.v1.ListenService/ListTop"

JOB = job_service_pb2.NewJob(queue="notes", kind="note", payload=b"buy milk")
FAILED_NOTES = admin_service_pb2.FailedJobFilter(queue="notes", reason="WORKER_LOST")
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def trailers_of(reason: str, retry_seconds: int | None = None) -> tuple[tuple[str, bytes], ...]:
    details = [info(reason)]
    if retry_seconds is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=retry_seconds)))
    packed = failed(UNAVAILABLE, *details).trailing_metadata()["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    return (("grpc-status-details-bin", packed),)


async def test_enqueue_sends_owner_jobs_and_key() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).enqueue("ada", [JOB], idempotency_key="k1"))
    request = await coordinator.answer(ENQUEUE, job_service_pb2.EnqueueResponse(job_ids=["j1"]))
    assert (request.owner, list(request.jobs), request.idempotency_key) == ("ada", [JOB], "k1")
    assert list((await call).job_ids) == ["j1"]


async def test_enqueue_with_a_key_is_repeated_when_nobody_answered() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).enqueue("ada", [JOB], idempotency_key="k1"))
    first = await coordinator.refuse(ENQUEUE, UNAVAILABLE)
    second = await coordinator.answer(ENQUEUE, job_service_pb2.EnqueueResponse(job_ids=["j1"]))
    assert first == second
    assert list((await call).job_ids) == ["j1"]


async def test_enqueue_without_a_key_is_not_repeated_for_the_jobs_may_be_there() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).enqueue("ada", [JOB]))
    await coordinator.refuse(ENQUEUE, UNAVAILABLE)
    with pytest.raises(errors.CoordinatorUnreachable):
        await call


async def test_a_leaving_coordinator_did_nothing_so_that_any_call_may_be_repeated() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).enqueue("ada", [JOB]))
    await coordinator.refuse(ENQUEUE, UNAVAILABLE, trailers=trailers_of("DRAINING"))
    await coordinator.answer(ENQUEUE, job_service_pb2.EnqueueResponse(job_ids=["j1"]))
    assert list((await call).job_ids) == ["j1"]


async def test_tries_are_bounded() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).get_job("ada", "j1"))
    for _ in range(5):
        await coordinator.refuse(GET_JOB, UNAVAILABLE, "nobody there")
    with pytest.raises(errors.CoordinatorUnreachable, match="nobody there"):
        await call


async def test_a_try_that_the_time_limit_leaves_no_room_for_is_not_made() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).get_job("ada", "j1", timeout_seconds=3))
    await coordinator.refuse(GET_JOB, UNAVAILABLE, trailers=trailers_of("STORE_UNAVAILABLE", retry_seconds=5))
    with pytest.raises(errors.StoreUnavailable):
        await asyncio.wait_for(call, 2)


async def test_a_refusal_is_not_repeated() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).get_job("ada", "j1"))
    await coordinator.refuse(GET_JOB, grpc.StatusCode.NOT_FOUND, trailers=trailers_of("JOB_NOT_FOUND"))
    with pytest.raises(errors.JobNotFound):
        await call


async def test_get_job_gives_the_job() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).get_job("ada", "j1"))
    job = job_pb2.Job(id="j1", queue="notes")
    request = await coordinator.answer(GET_JOB, job_service_pb2.GetJobResponse(job=job))
    assert (request.owner, request.job_id) == ("ada", "j1")
    assert await call == job


async def test_a_job_is_cancelled_for_its_owner_and_again_when_nobody_answered() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).cancel_job("ada", "j1"))
    first = await coordinator.refuse(CANCEL_JOB, UNAVAILABLE)
    second = await coordinator.answer(CANCEL_JOB, job_service_pb2.CancelJobResponse())
    assert first == second == job_service_pb2.CancelJobRequest(owner="ada", job_id="j1")
    await call


async def test_a_job_that_has_ended_is_not_cancelled() -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Producer(coordinator.channel).cancel_job("ada", "j1"))
    refusal = trailers_of("JOB_FINISHED")
    await coordinator.refuse(CANCEL_JOB, grpc.StatusCode.FAILED_PRECONDITION, trailers=refusal)
    with pytest.raises(errors.JobFinished):
        await call


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"job_ids": ["j1", "j2"]}, {"job_ids": ["j1", "j2"]}),
        ({"filter": FAILED_NOTES, "limit": 10}, {"filter": FAILED_NOTES, "limit": 10}),
    ],
)
async def test_jobs_are_redriven_by_ids_or_by_a_filter(arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    coordinator = FakeCoordinator()
    call = asyncio.create_task(Operator(coordinator.channel).redrive_jobs(**arguments))
    await coordinator.refuse(REDRIVE_JOBS, UNAVAILABLE)
    response = admin_service_pb2.RedriveJobsResponse(job_ids=["j1"], more=True)
    request = await coordinator.answer(REDRIVE_JOBS, response)
    assert request == admin_service_pb2.RedriveJobsRequest(**expected)
    assert await call == response


async def test_a_chunk_is_stored_again_when_nobody_answered() -> None:
    coordinator = FakeCoordinator()
    chunk = upload_service_pb2.AppendFileRequest(owner="ada", upload_id="u1", content=b"[")
    call = asyncio.create_task(UploadClient(coordinator.channel).append_file(chunk))
    await coordinator.refuse(APPEND_FILE, UNAVAILABLE)
    assert await coordinator.answer(APPEND_FILE, upload_service_pb2.AppendFileResponse(size=1)) == chunk
    assert (await call).size == 1


@pytest.mark.parametrize(("key", "repeats"), [("", False), ("k1", True)])
async def test_a_retry_is_repeated_only_with_a_key(key: str, repeats: bool) -> None:
    coordinator = FakeCoordinator()
    request = upload_service_pb2.RetryUploadRequest(owner="ada", upload_id="u1", idempotency_key=key)
    call = asyncio.create_task(UploadClient(coordinator.channel).retry_upload(request))
    await coordinator.refuse(RETRY_UPLOAD, UNAVAILABLE)
    if repeats:
        await coordinator.answer(RETRY_UPLOAD, upload_service_pb2.RetryUploadResponse(retried_files=2))
        assert (await call).retried_files == 2
    else:
        with pytest.raises(errors.CoordinatorUnreachable):
            await call


async def test_a_read_of_listens_is_repeated_when_nobody_answered() -> None:
    coordinator = FakeCoordinator()
    request = listen_service_pb2.ListTopRequest(owner="ada")
    call = asyncio.create_task(ListenClient(coordinator.channel).list_top(request))
    await coordinator.refuse(LIST_TOP, UNAVAILABLE)
    await coordinator.answer(LIST_TOP, listen_service_pb2.ListTopResponse(next_page_token="2"))
    assert (await call).next_page_token == "2"
