"""What people are told of their uploads, and the second chance for what failed."""

from collections.abc import AsyncIterator

import grpc
import pytest

from protos.uploads.v1 import upload_pb2
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, BERT, RunningGateway, bearer, running_gateway, token_for


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway() as running:
        yield running


async def test_the_list_is_paged_and_shows_no_files(gateway: RunningGateway) -> None:
    for number in range(3):
        gateway.coordinator.add_upload(
            ANNA, filename=f"{number}", status=upload_pb2.UPLOAD_STATUS_COMPLETED, total_files=1
        )
    gateway.coordinator.add_upload(BERT, filename="his", status=upload_pb2.UPLOAD_STATUS_COMPLETED)
    first = (await gateway.client.get("/api/uploads", params={"limit": 2})).json()
    assert [item["filename"] for item in first["items"]] == ["0", "1"]
    assert "files" not in first["items"][0]
    second = (await gateway.client.get("/api/uploads", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [item["filename"] for item in second["items"]] == ["2"]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_a_page_of_an_impossible_size_is_refused(gateway: RunningGateway, limit: str) -> None:
    response = await gateway.client.get("/api/uploads", params={"limit": limit})
    assert (response.status_code, response.json()["field"]) == (422, "limit")


async def test_the_status_has_every_number(gateway: RunningGateway) -> None:
    done = upload_pb2.UploadFile(
        id="f0",
        index=0,
        filename="a.json",
        format="account_music",
        status=upload_pb2.FILE_STATUS_COMPLETED,
        attempts=1,
        total_records=9,
        inserted_records=6,
        duplicate_records=2,
        rejected_records=1,
        superseded_records=3,
        rejections=[upload_pb2.RejectionCount(reason="bad_time", count=1)],
        size=900,
        read_bytes=900,
    )
    waiting = upload_pb2.UploadFile(id="f1", index=1, filename="b.json", status=upload_pb2.FILE_STATUS_PENDING, size=70)
    upload_id = gateway.coordinator.add_upload(
        ANNA,
        filename="a.json",
        status=upload_pb2.UPLOAD_STATUS_PROCESSING,
        total_files=2,
        processed_files=1,
        total_records=9,
        inserted_records=6,
        duplicate_records=2,
        rejected_records=1,
        superseded_records=3,
        files=[done, waiting],
        refusals=[upload_pb2.FileRefusal(filename="c.json", reason="NOT_JSON", message="No.")],
        rejections=[upload_pb2.RejectionCount(reason="bad_time", count=1)],
        rejected_rows=[upload_pb2.RejectedRow(file_index=0, row=5, reason="bad_time")],
    )
    status = (await gateway.client.get(f"/api/uploads/{upload_id}/status")).json()
    assert status.pop("createdAt").endswith("Z")
    assert status.pop("updatedAt").endswith("Z")
    zeros = dict.fromkeys(
        ["totalRecords", "insertedRecords", "duplicateRecords", "rejectedRecords", "supersededRecords"], 0
    )
    numbers = {
        "totalRecords": 9,
        "insertedRecords": 6,
        "duplicateRecords": 2,
        "rejectedRecords": 1,
        "supersededRecords": 3,
    }
    assert status == numbers | {
        "id": upload_id,
        "status": "processing",
        "filename": "a.json",
        "totalFiles": 2,
        "processedFiles": 1,
        "failedFiles": 0,
        "skippedFiles": 1,
        "errorMessage": None,
        "errorReason": None,
        "receivedBytes": None,
        "expectedBytes": None,
        "errors": [{"filename": "c.json", "reason": "NOT_JSON", "message": "No."}],
        "rejections": [{"reason": "bad_time", "count": 1}],
        "rejectedRows": [{"file": "a.json", "fileIndex": 0, "row": 5, "reason": "bad_time"}],
        "files": [
            numbers
            | {
                "id": "f0",
                "index": 0,
                "filename": "a.json",
                "format": "account_music",
                "status": "completed",
                "attempts": 1,
                "progress": {"done": 900, "total": 900},
                "rejections": [{"reason": "bad_time", "count": 1}],
                "errorReason": None,
                "errorMessage": None,
                "retryable": False,
            },
            zeros
            | {
                "id": "f1",
                "index": 1,
                "filename": "b.json",
                "format": None,
                "status": "pending",
                "attempts": 0,
                "progress": {"done": 0, "total": 70},
                "rejections": [],
                "errorReason": None,
                "errorMessage": None,
                "retryable": False,
            },
        ],
    }


async def test_failed_files_are_tried_again_once_per_key(gateway: RunningGateway) -> None:
    upload_id = gateway.coordinator.add_upload(ANNA, status=upload_pb2.UPLOAD_STATUS_COMPLETED, failed_files=2)
    response = await gateway.client.post(f"/api/uploads/{upload_id}/retry", headers={"Idempotency-Key": "again"})
    assert (response.status_code, response.json()) == (202, {"retriedFiles": 2})
    [request] = gateway.coordinator.requests_of("RetryUpload")
    assert request.idempotency_key == "again"


async def test_a_retry_of_what_was_removed_is_gone(gateway: RunningGateway) -> None:
    upload_id = gateway.coordinator.add_upload(ANNA, status=upload_pb2.UPLOAD_STATUS_FAILED)
    gateway.coordinator.refusals["RetryUpload"] = [
        Refusal(grpc.StatusCode.FAILED_PRECONDITION, "CONTENT_EXPIRED", "Upload it again.")
    ]
    response = await gateway.client.post(f"/api/uploads/{upload_id}/retry")
    assert (response.status_code, response.json()["detail"]) == (410, "Upload it again.")


@pytest.mark.parametrize(("method", "action"), [("GET", "status"), ("GET", "events"), ("POST", "retry")])
async def test_an_unknown_id_is_not_found(gateway: RunningGateway, method: str, action: str) -> None:
    unknown = "33333333-3333-4333-8333-333333333333"
    for upload_id in (unknown, "7", "not-an-id", "%00", "x" * 3000, unknown + "%0A"):
        response = await gateway.client.request(method, f"/api/uploads/{upload_id}/{action}")
        assert (response.status_code, response.json()["reason"]) == (404, "UPLOAD_NOT_FOUND"), upload_id
    assert [request.upload_id for _, request in gateway.coordinator.calls] == [unknown]


@pytest.mark.parametrize(("method", "action"), [("GET", "status"), ("GET", "events"), ("POST", "retry")])
async def test_another_persons_upload_is_not_found(gateway: RunningGateway, method: str, action: str) -> None:
    upload_id = gateway.coordinator.add_upload(ANNA, status=upload_pb2.UPLOAD_STATUS_COMPLETED)
    path = f"/api/uploads/{upload_id}/{action}"
    assert (await gateway.client.request(method, path)).is_success
    response = await gateway.client.request(method, path, headers=bearer(token_for(BERT)))
    assert (response.status_code, response.json()["reason"]) == (404, "UPLOAD_NOT_FOUND")


async def test_an_upload_that_is_still_coming_in_tells_how_much_of_it_is_there(gateway: RunningGateway) -> None:
    upload_id = gateway.coordinator.add_upload(
        ANNA, status=upload_pb2.UPLOAD_STATUS_UPLOADING, received_bytes=0, expected_bytes=10
    )
    for status in (
        (await gateway.client.get(f"/api/uploads/{upload_id}/status")).json(),
        (await gateway.client.get("/api/uploads")).json()["items"][0],
    ):
        assert (status["status"], status["totalFiles"]) == ("uploading", None)
        assert (status["receivedBytes"], status["expectedBytes"]) == (0, 10)
