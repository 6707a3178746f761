"""A list of uploads counts the files that did not come in, though it does not name them."""

from collections.abc import AsyncIterator

import pytest

from protos.uploads.v1.upload_pb2 import UPLOAD_STATUS_COMPLETED, FileRefusal
from tests.service.running_gateway import ANNA, RunningGateway, running_gateway

_REFUSALS = [FileRefusal(filename=name, reason="NOT_JSON", message="No.") for name in ("a.json", "b.json")]


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway() as running:
        yield running


async def test_a_listed_upload_counts_files_that_were_skipped_and_files_that_were_refused(
    gateway: RunningGateway,
) -> None:
    gateway.coordinator.add_upload(ANNA, status=UPLOAD_STATUS_COMPLETED, skipped_files=3, refused_files=2)
    [item] = (await gateway.client.get("/api/uploads")).json()["items"]
    assert item["skippedFiles"] == 5


@pytest.mark.parametrize("refused_files", [2, 0], ids=["counted", "named_alone_by_a_release_before"])
async def test_a_refused_file_that_is_named_is_counted_once(gateway: RunningGateway, refused_files: int) -> None:
    upload_id = gateway.coordinator.add_upload(
        ANNA, status=UPLOAD_STATUS_COMPLETED, skipped_files=3, refused_files=refused_files, refusals=_REFUSALS
    )
    status = (await gateway.client.get(f"/api/uploads/{upload_id}/status")).json()
    assert status["skippedFiles"] == 5
    assert [error["filename"] for error in status["errors"]] == ["a.json", "b.json"]
