"""Archives into the gateway: passed on unopened, and answered with numbers where a worker opens them in time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest

from protos.uploads.v1 import upload_pb2
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import RunningGateway, running_gateway
from tests.waiting import eventually

ARCHIVE = b"PK\x03\x04 is how an archive begins, and nobody here looks further"


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway(zip_wait_seconds=60) as running:
        yield running


@pytest.fixture
async def hasty_gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway(zip_wait_seconds=0.1) as running:
        yield running


async def post(gateway: RunningGateway, *archives: bytes, key: str = "k") -> httpx.Response:
    form = [("file", ("my_data.zip", archive)) for archive in archives]
    return await gateway.client.post("/api/uploads/zip", files=form, headers={"Idempotency-Key": key})


async def post_and_open(gateway: RunningGateway, **opened: Any) -> httpx.Response:
    """Posts an archive, which a worker opens when the gateway has begun to wait."""
    answering = asyncio.create_task(post(gateway, ARCHIVE))
    await eventually(lambda: gateway.coordinator.open_watches)
    [upload_id] = gateway.coordinator.uploads
    await gateway.coordinator.change(upload_id, **opened)
    return await asyncio.wait_for(answering, 10)


async def test_an_archive_is_stored_as_it_is(hasty_gateway: RunningGateway) -> None:
    response = await post(hasty_gateway, ARCHIVE)
    assert response.status_code == 202
    assert hasty_gateway.coordinator.contents[response.json()["uploadJobId"]] == {0: ARCHIVE}
    [chunk] = hasty_gateway.coordinator.requests_of("AppendFile")
    assert (chunk.archive, chunk.filename) == (True, "my_data.zip")


async def test_a_large_archive_is_answered_before_it_is_opened(hasty_gateway: RunningGateway) -> None:
    answer = (await post(hasty_gateway, ARCHIVE)).json()
    [upload_id] = hasty_gateway.coordinator.uploads
    assert answer == {
        "uploadJobId": upload_id,
        "totalFiles": None,
        "skippedFiles": 0,
        "errors": [],
        "message": "The archive is there and will be opened.",
        "status": "unpacking",
    }


async def test_an_archive_that_is_opened_in_time_is_answered_with_numbers(gateway: RunningGateway) -> None:
    response = await post_and_open(
        gateway,
        status=upload_pb2.UPLOAD_STATUS_PROCESSING,
        total_files=12,
        skipped_files=3,
        refusals=[upload_pb2.FileRefusal(filename="a.json", reason="NOT_JSON", message="No.")],
    )
    assert response.status_code == 202
    answer = response.json()
    assert (answer["totalFiles"], answer["skippedFiles"], answer["status"]) == (12, 4, "processing")
    assert answer["errors"] == [{"filename": "a.json", "reason": "NOT_JSON", "message": "No."}]


async def test_the_wait_goes_on_with_another_coordinator(gateway: RunningGateway) -> None:
    answering = asyncio.create_task(post(gateway, ARCHIVE))
    await eventually(lambda: gateway.coordinator.open_watches)
    await gateway.coordinator.cut_watches()
    await eventually(lambda: len(gateway.coordinator.requests_of("WatchUpload")) == 2)
    [upload_id] = gateway.coordinator.uploads
    await gateway.coordinator.change(upload_id, status=upload_pb2.UPLOAD_STATUS_PENDING, total_files=1)
    assert (await asyncio.wait_for(answering, 10)).json()["totalFiles"] == 1


async def test_an_archive_that_cannot_be_opened_is_told_in_its_sentence(gateway: RunningGateway) -> None:
    response = await post_and_open(
        gateway,
        status=upload_pb2.UPLOAD_STATUS_FAILED,
        error_message="The archive is encrypted.",
        error_reason="ARCHIVE_ENCRYPTED",
    )
    [upload_id] = gateway.coordinator.uploads
    problem = response.json()
    assert (response.status_code, problem["reason"]) == (400, "ARCHIVE_REFUSED")
    assert (problem["detail"], problem["uploadJobId"]) == ("The archive is encrypted.", upload_id)
    assert problem["errors"] == [
        {"filename": "my_data.zip", "reason": "ARCHIVE_ENCRYPTED", "message": "The archive is encrypted."}
    ]


async def test_an_archive_without_history_is_told_what_to_send(gateway: RunningGateway) -> None:
    response = await post_and_open(gateway, status=upload_pb2.UPLOAD_STATUS_FAILED, total_files=0)
    assert (response.status_code, response.json()["reason"]) == (400, "ARCHIVE_WITHOUT_HISTORY")


async def test_what_is_stored_is_accepted_even_when_nobody_tells_more(gateway: RunningGateway) -> None:
    gateway.coordinator.refusals["WatchUpload"] = [Refusal(grpc.StatusCode.INTERNAL, "INTERNAL")]
    response = await post(gateway, ARCHIVE)
    assert (response.status_code, response.json()["status"]) == (202, "unpacking")


@pytest.mark.parametrize("content", [b"", b"P", b"hello", b'[{"endTime": 1}]', b"\x1f\x8b"])
async def test_what_is_no_archive_is_refused_unstored(gateway: RunningGateway, content: bytes) -> None:
    response = await post(gateway, content)
    assert (response.status_code, response.json()["reason"]) == (400, "NOT_A_ZIP")
    assert gateway.coordinator.calls == []


async def test_an_archive_may_be_larger_than_a_file() -> None:
    async with running_gateway(file_bytes=1000, zip_wait_seconds=0) as gateway:
        assert (await post(gateway, ARCHIVE + bytes(1000))).status_code == 202


async def test_an_archive_over_the_limit_of_uploads_is_told_limit_and_value() -> None:
    async with running_gateway(upload_bytes=1000) as gateway:
        response = await post(gateway, ARCHIVE + bytes(1000))
        problem = response.json()
        assert (response.status_code, problem["reason"]) == (413, "PAYLOAD_TOO_LARGE")
        assert (problem["limit"], problem["value"]) == (1000, 1000 + len(ARCHIVE))
        assert gateway.coordinator.calls == []


async def test_two_archives_at_once_are_refused(gateway: RunningGateway) -> None:
    response = await post(gateway, ARCHIVE, ARCHIVE)
    assert (response.status_code, response.json()["field"]) == (400, "file")
    assert gateway.coordinator.calls == []


async def test_no_archive_is_refused(gateway: RunningGateway) -> None:
    response = await gateway.client.post("/api/uploads/zip")
    assert (response.status_code, response.json()["reason"]) == (400, "NO_FILE")


async def test_a_repeat_with_the_key_waits_for_the_first_upload(gateway: RunningGateway) -> None:
    first = (await post_and_open(gateway, status=upload_pb2.UPLOAD_STATUS_COMPLETED, total_files=2)).json()
    assert (await post(gateway, ARCHIVE)).json() == first
