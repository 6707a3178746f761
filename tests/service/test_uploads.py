"""Uploads on a real port: bytes in, jobs made, counters, retries, archives."""

import asyncio
from uuid import UUID, uuid4

import grpc
import grpc.aio
import psycopg
import pytest

from coordinator.services.upload_service import WATCH_POLL_SECONDS
from protos.uploads.v1 import upload_pb2, upload_service_pb2
from tests.service.calls import complete, fail, refusal_of
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import StartCoordinator
from tests.service.uploading import (
    INGEST,
    append,
    create,
    enqueue_upload,
    get_upload,
    new_user,
    one_lease,
    read_payload,
    stub,
    upload,
)


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


async def test_chunks_come_back_as_they_went_in(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await create(channel, owner)
    first, second = bytes(range(256)) * 4096, b"the rest"
    assert await append(channel, owner, upload_id, first) == len(first)
    assert await append(channel, owner, upload_id, second, offset=len(first)) == len(first) + len(second)
    await enqueue_upload(channel, owner, upload_id)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        assert await read_payload(channel, lease) == first + second
        assert await read_payload(channel, lease, offset=len(first) - 3) == first[-3:] + second


async def test_a_repeated_chunk_is_harmless_and_a_gap_is_refused(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await create(channel, owner)
    assert await append(channel, owner, upload_id, b"abc") == 3
    assert await append(channel, owner, upload_id, b"abc") == 3
    refused = await refusal_of(append(channel, owner, upload_id, b"x", offset=7))
    assert dict(refused.info.metadata) == {"field": "offset", "limit": "3", "value": "7"}


async def test_a_stale_token_reads_nothing(channel: grpc.aio.Channel) -> None:
    await upload(channel, new_user(), b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        job_id, token = await one_lease(stream)
        assert (await refusal_of(read_payload(channel, (job_id, token + 1)))).reason == "LEASE_LOST"


async def test_limits_of_an_upload_are_named(start_coordinator: StartCoordinator, owner_url: str) -> None:
    coordinator = await start_coordinator(file_bytes=10, upload_bytes=15, upload_files=2)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        owner = new_user()
        upload_id = await create(channel, owner)
        too_large = await refusal_of(append(channel, owner, upload_id, bytes(11)))
        assert (too_large.reason, too_large.info.metadata["limit"]) == ("PAYLOAD_TOO_LARGE", "10")
        await append(channel, owner, upload_id, bytes(10))
        in_all = await refusal_of(append(channel, owner, upload_id, bytes(6), file_index=1))
        assert (in_all.reason, in_all.info.metadata["value"]) == ("PAYLOAD_TOO_LARGE", "16")
        await append(channel, owner, upload_id, bytes(5), file_index=1)
        assert (await refusal_of(append(channel, owner, upload_id, b"x", file_index=2))).reason == "INVALID_REQUEST"
    assert rows(owner_url, "SELECT sum(size)::int, count(*) FROM public.upload_files") == [(15, 2)]


async def test_an_upload_and_its_jobs_appear_together(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await create(channel, owner)
    await append(channel, owner, upload_id, b"[]")
    await append(channel, owner, upload_id, b"[]", file_index=1, filename="second.json")
    assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_UPLOADING
    assert rows(owner_url, "SELECT count(*) FROM sluice.jobs") == [(0,)]
    await enqueue_upload(channel, owner, upload_id)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.total_files, got.processed_files) == (upload_pb2.UPLOAD_STATUS_PENDING, 2, 0)
    jobs = rows(owner_url, "SELECT count(*) FROM sluice.jobs j JOIN public.upload_files f ON f.job_id = j.id")
    assert jobs == [(2,)]


async def test_an_upload_without_a_file_is_refused(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    refused = await refusal_of(enqueue_upload(channel, owner, await create(channel, owner)))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "upload_id")


async def test_a_closed_upload_takes_no_more_bytes(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    refused = await refusal_of(append(channel, owner, upload_id, b"x", filename="file0.json", offset=2))
    assert refused.reason == "INVALID_REQUEST"


async def test_the_same_key_gives_the_first_upload_and_removes_the_second(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    owner = new_user()
    ids = [await create(channel, owner) for _ in range(2)]
    for upload_id in ids:
        await append(channel, owner, upload_id, b"[]")
    enqueued = [await enqueue_upload(channel, owner, upload_id, key="k", content=b"[]") for upload_id in ids]
    assert enqueued == [ids[0], ids[0]]
    assert rows(owner_url, "SELECT count(*) FROM public.upload_jobs") == [(1,)]
    assert rows(owner_url, "SELECT count(*) FROM sluice.jobs") == [(1,)]


async def test_the_same_key_at_the_same_time_makes_one_upload(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    ids = [await create(channel, owner) for _ in range(5)]
    for upload_id in ids:
        await append(channel, owner, upload_id, b"[]")
    stands = await asyncio.gather(*(enqueue_upload(channel, owner, one, key="k", content=b"[]") for one in ids))
    assert len(set(stands)) == 1
    assert rows(owner_url, "SELECT count(*) FROM sluice.jobs") == [(1,)]


async def test_a_key_with_other_content_is_refused(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    ids = [await create(channel, owner) for _ in range(2)]
    for upload_id in ids:
        await append(channel, owner, upload_id, b"[]")
    await enqueue_upload(channel, owner, ids[0], key="k", content=b"one")
    refused = await refusal_of(enqueue_upload(channel, owner, ids[1], key="k", content=b"other"))
    assert refused.reason == "IDEMPOTENCY_KEY_REUSED"


async def test_another_persons_upload_is_not_found(channel: grpc.aio.Channel) -> None:
    owner, stranger = new_user(), new_user()
    upload_id = await upload(channel, owner, b"[]")
    assert (await refusal_of(get_upload(channel, stranger, upload_id))).reason == "UPLOAD_NOT_FOUND"
    assert (await refusal_of(append(channel, stranger, upload_id, b"x"))).reason == "UPLOAD_NOT_FOUND"
    assert (await refusal_of(enqueue_upload(channel, stranger, upload_id))).reason == "UPLOAD_NOT_FOUND"
    retry = upload_service_pb2.RetryUploadRequest(owner=stranger, upload_id=upload_id)
    assert (await refusal_of(stub(channel).RetryUpload(retry))).reason == "UPLOAD_NOT_FOUND"
    assert (await refusal_of(get_upload(channel, owner, str(uuid4())))).reason == "UPLOAD_NOT_FOUND"


async def test_uploads_are_listed_newest_first_page_by_page(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    ids = [await upload(channel, owner, b"[]") for _ in range(5)]
    listed: list[str] = []
    token = ""
    while True:
        request = upload_service_pb2.ListUploadsRequest(owner=owner, page_size=2, page_token=token)
        page = await stub(channel).ListUploads(request)
        listed += [one.id for one in page.uploads]
        token = page.next_page_token
        if not token:
            break
    assert listed == ids[::-1]


async def test_a_page_of_uploads_with_many_refusals_counts_them(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    refusal = upload_pb2.FileRefusal(filename="n" * 255, reason="NOT_JSON", message="m" * 1_000)
    ids = [await create(channel, owner) for _ in range(20)]
    for upload_id in ids:
        await append(channel, owner, upload_id, b"[]")
        request = upload_service_pb2.EnqueueUploadRequest(owner=owner, upload_id=upload_id, refusals=[refusal] * 200)
        await stub(channel).EnqueueUpload(request)
    page = await stub(channel).ListUploads(upload_service_pb2.ListUploadsRequest(owner=owner))
    assert [(one.id, one.refused_files, len(one.refusals)) for one in page.uploads] == [
        (key, 200, 0) for key in ids[::-1]
    ]
    whole = await get_upload(channel, owner, ids[0])
    assert (whole.refused_files, whole.refusals[199]) == (200, refusal)
    call = stub(channel).WatchUpload(upload_service_pb2.WatchUploadRequest(owner=owner, upload_id=ids[0]))
    assert (await call.read()).upload == whole
    call.cancel()


async def test_a_page_token_of_somebody_elses_making_is_refused(channel: grpc.aio.Channel) -> None:
    request = upload_service_pb2.ListUploadsRequest(owner=new_user(), page_token="nonsense")
    assert (await refusal_of(stub(channel).ListUploads(request))).info.metadata["field"] == "page_token"


async def test_a_failed_file_is_told_and_can_be_retried(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]", b"[]")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await complete(channel, await one_lease(stream))
        lease = await one_lease(stream, total=2, ended=1)
        # Every attempt used up: a failure that may be retried by hand.
        for attempt in range(4):
            await fail(channel, lease, message="could not")
            if attempt < 3:
                make_due(owner_url, lease[0])
                lease = await one_lease(stream, total=3 + attempt, ended=2 + attempt)
        got = await get_upload(channel, owner, upload_id)
        assert (got.status, got.failed_files, got.processed_files) == (upload_pb2.UPLOAD_STATUS_COMPLETED, 1, 2)
        assert got.error_message == "1 of 2 files failed; the first: could not"
        assert got.files[1].retryable
        assert got.files[1].attempts == 4
        request = upload_service_pb2.RetryUploadRequest(owner=owner, upload_id=upload_id, idempotency_key="again")
        assert (await stub(channel).RetryUpload(request)).retried_files == 1
        assert (await stub(channel).RetryUpload(request)).retried_files == 1, "a repeat answers the first number"
        assert (await get_upload(channel, owner, upload_id)).status == upload_pb2.UPLOAD_STATUS_PROCESSING
        lease = await one_lease(stream, total=6, ended=5)
        assert await read_payload(channel, lease) == b"[]"
        await complete(channel, lease)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.failed_files, got.error_message) == (upload_pb2.UPLOAD_STATUS_COMPLETED, 0, "")


def make_due(url: str, job_id: UUID) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE sluice.jobs SET run_at = now() WHERE id = %s AND run_at IS NOT NULL", [job_id])


async def test_what_a_permanent_error_refused_is_not_kept(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"no history")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        await fail(channel, await one_lease(stream), permanent=True, message="This is no history.")
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.error_message) == (upload_pb2.UPLOAD_STATUS_FAILED, "This is no history.")
    assert not got.files[0].retryable
    assert rows(owner_url, "SELECT count(*) FROM public.upload_file_chunks") == [(0,)]
    request = upload_service_pb2.RetryUploadRequest(owner=owner, upload_id=upload_id)
    assert (await refusal_of(stub(channel).RetryUpload(request))).reason == "CONTENT_EXPIRED"


def add_files_requests(
    lease: tuple[UUID, int], members: list[bytes], member_count: int | None = None
) -> list[upload_service_pb2.AddFilesRequest]:
    requests = upload_service_pb2.AddFilesRequest
    header = requests.Header(
        job_id=lease[0].bytes,
        token=lease[1],
        skipped_files=3,
        member_count=len(members) if member_count is None else member_count,
        refusals=[upload_pb2.FileRefusal(filename="huge.json", reason="TOO_LARGE", message="Too large.")],
    )
    messages = [requests(header=header)]
    for place, content in enumerate(members):
        messages.append(requests(member=requests.Member(filename=f"m{place}.json", format="extended")))
        messages.extend(requests(chunk=content[start : start + 4]) for start in range(0, len(content), 4))
    return messages


async def test_an_archives_members_take_its_place(channel: grpc.aio.Channel, owner_url: str) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"PK archive", archive=True)
    got = await get_upload(channel, owner, upload_id)
    assert (got.status, got.HasField("total_files")) == (upload_pb2.UPLOAD_STATUS_UNPACKING, False)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        requests = add_files_requests(lease, [b"first member", b"second"])
        await stub(channel).AddFiles(iter(requests))
        await stub(channel).AddFiles(iter(requests))  # a repeat with the token is harmless
        got = await get_upload(channel, owner, upload_id)
        assert (got.status, got.total_files, got.skipped_files) == (upload_pb2.UPLOAD_STATUS_PENDING, 2, 3)
        assert [(file.index, file.filename) for file in got.files] == [(0, "m0.json"), (1, "m1.json")]
        assert [refusal.reason for refusal in got.refusals] == ["TOO_LARGE"]
        assert got.refused_files == 1
        member = await one_lease(stream, total=2, ended=1)
        assert await read_payload(channel, member) == b"first member"
    chunks = "SELECT count(*) FROM public.upload_file_chunks c JOIN public.upload_files f ON f.id = c.file_id"
    assert rows(owner_url, f"{chunks} WHERE f.archive") == [(0,)], "the archive's own bytes are gone"


async def test_a_stale_token_adds_no_member(channel: grpc.aio.Channel, owner_url: str) -> None:
    await upload(channel, new_user(), b"PK archive", archive=True)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        job_id, token = await one_lease(stream)
        refused = await refusal_of(stub(channel).AddFiles(iter(add_files_requests((job_id, token + 1), [b"x"]))))
        assert refused.reason == "LEASE_LOST"
    assert rows(owner_url, "SELECT count(*) FROM public.upload_files WHERE NOT archive") == [(0,)]


@pytest.mark.parametrize("announced", [1, 3])
async def test_an_archive_with_other_members_than_announced_is_refused_whole(
    channel: grpc.aio.Channel, owner_url: str, announced: int
) -> None:
    await upload(channel, new_user(), b"PK archive", archive=True)
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        requests = add_files_requests(lease, [b"one", b"two"], member_count=announced)
        refused = await refusal_of(stub(channel).AddFiles(iter(requests)))
        assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "member_count")
    assert rows(owner_url, "SELECT count(*) FROM public.upload_files WHERE NOT archive") == [(0,)]


async def test_a_watched_upload_tells_its_changes_and_ends_with_its_end(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"[]")
    call = stub(channel).WatchUpload(upload_service_pb2.WatchUploadRequest(owner=owner, upload_id=upload_id))
    assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_PENDING
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_PROCESSING
        await complete(channel, lease)
    assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_COMPLETED
    assert await call.read() is grpc.aio.EOF


async def test_a_watcher_hears_of_a_failure_at_once(channel: grpc.aio.Channel) -> None:
    owner = new_user()
    upload_id = await upload(channel, owner, b"no history")
    async with claim_stream(channel, "ingest", INGEST) as stream:
        lease = await one_lease(stream)
        call = stub(channel).WatchUpload(upload_service_pb2.WatchUploadRequest(owner=owner, upload_id=upload_id))
        assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_PROCESSING
        await fail(channel, lease, permanent=True)
        async with asyncio.timeout(WATCH_POLL_SECONDS / 2):
            assert (await call.read()).upload.status == upload_pb2.UPLOAD_STATUS_FAILED


async def test_a_retry_of_many_files_does_not_pass_another_persons_file(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(default_max_attempts=1)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        busy, other = new_user(), new_user()
        many = await upload(channel, busy, *[b"[]"] * 20)
        async with claim_stream(channel, "ingest", INGEST) as stream:
            await stream.grant(20)
            held: list[tuple[UUID, int]] = []
            while len(held) < 20:
                held += leased(await stream.jobs())
            for lease in held:
                await fail(channel, lease)
            retry = upload_service_pb2.RetryUploadRequest(owner=busy, upload_id=many)
            assert (await stub(channel).RetryUpload(retry)).retried_files == 20
            one = await upload(channel, other, b"[]")
            await stream.grant(24, ended=20)
            taken = 0
            while taken < 4:
                taken += len(leased(await stream.jobs()))
            assert (await get_upload(channel, other, one)).status == upload_pb2.UPLOAD_STATUS_PROCESSING
