"""DeleteUserData through gRPC, on a real coordinator: who is told, who may call it, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import grpc.aio
import psycopg
import pytest

from coordinator_client.listens import ListenClient
from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc
from protos.listens.v1 import listen_service_pb2, listen_service_pb2_grpc
from protos.uploads.v1 import upload_service_pb2
from tests.service.calls import complete, enqueue, fail, new_job, refusal_of
from tests.service.claim_stream import ClaimStream, claim_stream, leased, leases_of
from tests.service.conftest import Connect, StartCoordinator
from tests.service.uploading import create, get_upload, new_user, stub, upload

Removed = listen_service_pb2.DeleteUserDataResponse


async def forget(channel: grpc.aio.Channel, owner: str) -> Removed:
    return await ListenClient(channel).delete_user_data(listen_service_pb2.DeleteUserDataRequest(owner=owner))


@pytest.fixture
async def worker(channel: grpc.aio.Channel) -> AsyncIterator[ClaimStream]:
    async with claim_stream(channel, "ingest", ("ingest",)) as stream:
        await stream.grant(5)
        yield stream


async def test_a_worker_is_told_that_its_job_is_cancelled_and_cannot_complete_it(
    channel: grpc.aio.Channel, worker: ClaimStream
) -> None:
    owner = new_user()
    await upload(channel, owner, b"[]")
    (lease,) = leased(await worker.jobs())
    assert await forget(channel, owner) == Removed(uploads=1, files=1, jobs=1)
    told = await worker.pong()
    assert leases_of(told.cancelled) == [lease]
    assert await complete(channel, lease) == [0]
    assert await forget(channel, owner) == Removed()


async def test_a_worker_at_another_coordinator_is_told_too(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator()) for _ in range(2)]
    owner = new_user()
    async with claim_stream(there, "ingest", ("ingest",)) as stream:
        await stream.grant(1)
        await upload(here, owner, b"[]")
        (lease,) = leased(await stream.jobs())
        await forget(here, owner)
        assert leases_of((await stream.pong()).cancelled) == [lease]


async def test_whoever_watches_an_upload_is_told_that_there_is_none(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    call = stub(channel).WatchUpload(upload_service_pb2.WatchUploadRequest(owner=owner, upload_id=upload_id))
    assert (await call.read()).upload.id == upload_id
    await forget(channel, owner)
    async with asyncio.timeout(20):
        refused = await refusal_of(call.read())
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "UPLOAD_NOT_FOUND")


async def test_jobs_of_any_queue_go_and_other_peoples_stay(channel: grpc.aio.Channel) -> None:
    mine, theirs = new_user(), new_user()
    for owner in (mine, theirs):
        await enqueue(channel, new_job(queue="mail"), new_job(queue="images", priority=3), owner=owner)
    uploaded = await upload(channel, theirs, b"[]")
    assert await forget(channel, mine) == Removed(jobs=2)
    assert (await get_upload(channel, theirs, uploaded)).id == uploaded
    assert await forget(channel, theirs) == Removed(uploads=1, files=1, jobs=3)


async def test_an_owner_who_is_no_person_is_refused(channel: grpc.aio.Channel) -> None:
    request = listen_service_pb2.DeleteUserDataRequest(owner="billing")
    refused = await refusal_of(listen_service_pb2_grpc.ListenServiceStub(channel).DeleteUserData(request))
    assert (refused.code, refused.info.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "owner")


async def test_an_id_in_capitals_is_the_same_person(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    await create(channel, owner)
    await enqueue(channel, new_job(), owner=owner)
    assert await forget(channel, owner.upper()) == Removed(uploads=1, jobs=1)


async def test_something_of_the_person_that_takes_long_is_told_with_a_time_to_wait(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    await create(channel, owner)
    request = listen_service_pb2.DeleteUserDataRequest(owner=owner)
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT FROM upload_jobs FOR UPDATE")
        refused = await refusal_of(listen_service_pb2_grpc.ListenServiceStub(channel).DeleteUserData(request))
        assert (refused.reason, refused.retry_after_seconds) == ("BUSY", 1.0)
    assert await forget(channel, owner) == Removed(uploads=1)


async def test_what_operators_and_people_did_is_written_down_under_the_same_name_and_never_the_id(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    await enqueue(channel, new_job(), owner=owner)
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        (lease,) = leased(await stream.jobs())
        await fail(channel, lease, permanent=True)
    wanted = admin_service_pb2.FailedJobFilter(queue="default", owner=owner)
    redrive = admin_service_pb2.RedriveJobsRequest(filter=wanted)
    assert (await admin_service_pb2_grpc.AdminServiceStub(channel).RedriveJobs(redrive)).job_ids == [str(lease[0])]
    await forget(channel, owner)
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute("SELECT principal, act, details FROM sluice.audit_log ORDER BY id").fetchall()
    assert [row[:2] for row in rows] == [("local", "RedriveJobs"), ("local", "DeleteUserData")]
    first, second = [row[2]["user"] for row in rows]
    assert first == second
    assert owner not in str(rows)
    assert UUID(owner).hex not in str(rows)


async def test_a_worker_may_forget_nobody(start_coordinator: StartCoordinator, connect: Connect) -> None:
    channel = connect(await start_coordinator(service_tokens="worker:worker-token-00001"))
    request = listen_service_pb2.DeleteUserDataRequest(owner=str(uuid4()))
    as_worker = (("authorization", "Bearer worker-token-00001"),)
    call = listen_service_pb2_grpc.ListenServiceStub(channel).DeleteUserData(request, metadata=as_worker)
    assert (await refusal_of(call)).reason == "PERMISSION_DENIED"
