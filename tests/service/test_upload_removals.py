"""Cancelling an upload and removing one, on a real port: what goes, what stays, who is told."""

import asyncio
from uuid import UUID, uuid4

import grpc
import grpc.aio
import psycopg
import pytest

from coordinator.domain import Lease
from coordinator.services.upload_service import WATCH_POLL_SECONDS
from protos.listens.v1 import listen_service_pb2_grpc
from protos.uploads.v1 import upload_pb2, upload_service_pb2
from tests.database.play_messages import Play, extended
from tests.service.calls import complete, fail, refusal_of
from tests.service.claim_stream import claim_stream, leases_of
from tests.service.uploading import (
    INGEST,
    append,
    cancel_upload,
    create,
    delete_upload,
    enqueue_upload,
    get_upload,
    incoming,
    new_user,
    one_lease,
    stub,
    upload,
)

TABLES = ("public.upload_jobs", "public.upload_files", "public.upload_file_chunks", "sluice.jobs", "sluice.job_history")


async def commit(channel: grpc.aio.Channel, lease: tuple[UUID, int], *plays: Play) -> None:
    """Stores plays as the outcome of a leased file."""
    requests = extended(*plays).requests(Lease(*lease))
    await listen_service_pb2_grpc.ListenServiceStub(channel).CommitListens(iter(requests))


async def add_members(channel: grpc.aio.Channel, lease: tuple[UUID, int], number: int) -> None:
    """Opens an archive of so many members."""
    requests = upload_service_pb2.AddFilesRequest
    header = requests.Header(job_id=lease[0].bytes, token=lease[1], member_count=number)
    messages = [requests(header=header)]
    for place in range(number):
        messages.append(requests(member=requests.Member(filename=f"m{place}.json", format="extended")))
        messages.append(requests(chunk=b"[]"))
    await stub(channel).AddFiles(iter(messages))


def counts(url: str) -> dict[str, int]:
    """Counts the rows of the tables that know uploads."""
    with psycopg.connect(url) as connection:
        found = {}
        for table in TABLES:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row
            found[table] = int(row[0])
        return found


async def test_cancelling_ends_what_waits_and_removes_its_bytes(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]", b"[]")
    assert await cancel_upload(channel, owner, upload_id) == (2, 0)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.processed_files, got.failed_files) == (upload_pb2.UPLOAD_STATUS_CANCELLED, 2, 0)
    assert {file.status for file in got.files} == {upload_pb2.FILE_STATUS_CANCELLED}
    assert counts(owner_url)["public.upload_file_chunks"] == 0
    assert counts(owner_url)["sluice.jobs"] == 0


async def test_a_worker_is_told_that_its_file_was_cancelled_and_commits_nothing(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        assert await cancel_upload(channel, owner, upload_id) == (1, 0)
        assert leases_of((await stream.pong()).cancelled) == [lease]
        assert (await refusal_of(commit(channel, lease, Play()))).reason == "LEASE_LOST"


async def test_plays_that_were_committed_stay_and_are_told(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]", b"[]", b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await commit(channel, await one_lease(stream), Play(), Play(second=1_700_000_000))
    assert await cancel_upload(channel, owner, upload_id) == (2, 2)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.inserted_records) == (upload_pb2.UPLOAD_STATUS_COMPLETED, 2)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM public.listens").fetchone() == (2,)


async def test_a_repeat_of_a_cancel_tells_the_same(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]", b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await commit(channel, await one_lease(stream), Play())
    assert await cancel_upload(channel, owner, upload_id) == (1, 1)
    before = await get_upload(channel, owner, upload_id)
    assert await cancel_upload(channel, owner, upload_id) == (1, 1)
    assert await get_upload(channel, owner, upload_id) == before


async def test_an_upload_that_has_ended_is_left_as_it_is(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await fail(channel, await one_lease(stream), permanent=True)
    assert await cancel_upload(channel, owner, upload_id) == (0, 0)
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_FAILED


async def test_an_archive_that_nobody_opened_is_cancelled(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"PK archive", archive=True)
    assert await cancel_upload(channel, owner, upload_id) == (1, 0)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.total_files) == (upload_pb2.UPLOAD_STATUS_CANCELLED, 0)
    assert counts(owner_url)["public.upload_file_chunks"] == 0


async def test_members_of_an_archive_that_is_opened_meanwhile_are_cancelled_too(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"PK archive", archive=True)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        opened, cancelled = await asyncio.gather(
            add_members(channel, lease, 3), cancel_upload(channel, owner, upload_id), return_exceptions=True
        )
    got = await get_upload(channel, owner, upload_id)
    assert got.status == upload_pb2.UPLOAD_STATUS_CANCELLED
    assert cancelled == ((3, 0) if opened is None else (1, 0))


async def test_members_that_were_opened_before_are_cancelled_each(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"PK archive", archive=True)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await add_members(channel, await one_lease(stream), 3)
        await complete(channel, await one_lease(stream, total=2, ended=1))
    assert await cancel_upload(channel, owner, upload_id) == (2, 0)


async def test_an_upload_that_is_coming_in_takes_no_more_and_ends_cancelled(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    upload_id = await create(channel, owner, expected_size=10)
    await append(channel, owner, upload_id, b"12345", archive=True)
    assert await cancel_upload(channel, owner, upload_id) == (1, 0)
    assert await cancel_upload(channel, owner, upload_id) == (1, 0)
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_CANCELLED
    assert counts(owner_url)["public.upload_file_chunks"] == 0
    refused = await refusal_of(append(channel, owner, upload_id, b"67890", archive=True, offset=5))
    assert refused.reason == "INVALID_REQUEST"
    assert (await refusal_of(incoming(channel, owner, upload_id))).reason == "CONTENT_EXPIRED"
    assert await enqueue_upload(channel, owner, upload_id) == upload_id
    assert counts(owner_url)["sluice.jobs"] == 0, "an upload that was cancelled is never begun"


async def test_an_upload_without_a_byte_ends_cancelled_too(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await create(channel, owner, expected_size=10)
    assert await cancel_upload(channel, owner, upload_id) == (0, 0)
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_CANCELLED


async def test_a_watcher_hears_of_a_cancel_at_once(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    call = stub(channel).WatchUpload(upload_service_pb2.WatchUploadRequest(owner=owner, upload_id=upload_id))
    assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_PENDING
    await cancel_upload(channel, owner, upload_id)
    async with asyncio.timeout(WATCH_POLL_SECONDS / 2):
        assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_CANCELLED
    assert await call.read() is grpc.aio.EOF


async def test_an_upload_that_is_coming_in_tells_its_size(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await create(channel, owner, "my.zip", expected_size=10)
    assert (await incoming(channel, owner, upload_id)).size == 0
    await append(channel, owner, upload_id, b"12345", archive=True, filename="my.zip")
    found = await incoming(channel, owner, upload_id)
    assert (found.filename, found.size, found.expected_size, found.enqueued) == ("my.zip", 5, 10, False)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.received_bytes, got.expected_bytes) == (upload_pb2.UPLOAD_STATUS_UPLOADING, 5, 10)
    assert not got.HasField("total_files")
    await append(channel, owner, upload_id, b"67890", archive=True, offset=5, filename="my.zip")
    await enqueue_upload(channel, owner, upload_id)
    found = await incoming(channel, owner, upload_id)
    assert (found.size, found.enqueued, found.HasField("expires_at")) == (10, True, False)
    assert not (await get_upload(channel, owner, upload_id)).HasField("received_bytes")


async def test_an_upload_may_not_expect_more_than_is_taken(channel: grpc.aio.Channel) -> None:
    limit = 512 * 1024 * 1024
    refused = await refusal_of(create(channel, new_user(), expected_size=limit + 1))
    told = refused.info.metadata
    assert (refused.reason, told["limit"], told["value"]) == ("PAYLOAD_TOO_LARGE", str(limit), str(limit + 1))
    assert (await refusal_of(create(channel, new_user(), expected_size=0))).reason == "INVALID_REQUEST"
    await create(channel, new_user(), expected_size=limit)


@pytest.mark.parametrize("begun", [False, True])
async def test_an_upload_that_is_coming_in_can_be_removed(
    channel: grpc.aio.Channel, owner_url: str, *, begun: bool
) -> None:
    owner = new_user()
    upload_id = await create(channel, owner, expected_size=10)
    if begun:
        await append(channel, owner, upload_id, b"12345", archive=True)
    await delete_upload(channel, owner, upload_id)
    assert set(counts(owner_url).values()) == {0}
    assert (await refusal_of(delete_upload(channel, owner, upload_id))).reason == "UPLOAD_NOT_FOUND"


async def test_an_upload_of_which_every_file_ended_without_a_play_goes_with_all_its_traces(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]", b"[]", b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await fail(channel, await one_lease(stream), permanent=True)
        await commit(channel, await one_lease(stream, total=2, ended=1))
    await cancel_upload(channel, owner, upload_id)
    assert counts(owner_url)["sluice.job_history"] == 3
    await delete_upload(channel, owner, upload_id)
    assert set(counts(owner_url).values()) == {0}


async def test_an_upload_that_waits_is_refused_and_goes_once_it_was_cancelled(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    refused = await refusal_of(delete_upload(channel, owner, upload_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UPLOAD_IN_USE")
    assert refused.info.metadata["state"] == "under_way"
    assert "cancel" in refused.message
    assert counts(owner_url)["sluice.jobs"] == 1
    await cancel_upload(channel, owner, upload_id)
    await delete_upload(channel, owner, upload_id)
    assert set(counts(owner_url).values()) == {0}


async def test_an_upload_whose_plays_are_stored_is_refused_and_keeps_its_history(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await commit(channel, await one_lease(stream), Play())
    refused = await refusal_of(delete_upload(channel, owner, upload_id))
    assert (refused.reason, refused.info.metadata["state"]) == ("UPLOAD_IN_USE", "has_plays")
    assert "/api/me" in refused.message
    assert counts(owner_url)["sluice.job_history"] == 1
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_COMPLETED


async def test_the_key_of_an_upload_that_was_removed_is_as_good_as_new(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    ids = [await create(channel, owner) for _ in range(2)]
    for upload_id in ids:
        await append(channel, owner, upload_id, b"[]")
    await enqueue_upload(channel, owner, ids[0], key="k", content=b"[]")
    await cancel_upload(channel, owner, ids[0])
    await delete_upload(channel, owner, ids[0])
    assert await enqueue_upload(channel, owner, ids[1], key="k", content=b"[]") == ids[1]


async def test_another_persons_upload_is_neither_cancelled_nor_removed(channel: grpc.aio.Channel) -> None:
    owner, stranger = new_user(), new_user()
    upload_id = await upload(channel, owner, b"[]")
    for call in (cancel_upload, delete_upload, incoming):
        assert (await refusal_of(call(channel, stranger, upload_id))).reason == "UPLOAD_NOT_FOUND"
        assert (await refusal_of(call(channel, owner, str(uuid4())))).reason == "UPLOAD_NOT_FOUND"
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_PENDING
