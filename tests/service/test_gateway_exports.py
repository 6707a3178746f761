"""Exports over a real connection: as fast as they are read, never whole in memory, never cut without a word."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from protos.listens.v1 import listen_pb2, listen_service_pb2
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import RunningGateway, listening_gateway
from tests.waiting import eventually

AWAY = Refusal(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with listening_gateway() as (running, _):
        yield running


def message(*names: str) -> listen_service_pb2.ExportListensResponse:
    return listen_service_pb2.ExportListensResponse(
        listens=[
            listen_pb2.Listen(
                played_at=Timestamp(seconds=1_700_000_000),
                track_name=name,
                content_type=listen_pb2.CONTENT_TYPE_MUSIC,
                source=listen_pb2.SOURCE_EXTENDED,
            )
            for name in names
        ]
    )


async def test_every_message_is_in_the_file(gateway: RunningGateway) -> None:
    gateway.coordinator.export = [message("a", "b"), message("c")]
    response = await gateway.client.get("/api/listens/export", params={"format": "json"})
    assert [play["trackName"] for play in response.json()] == ["a", "b", "c"]
    assert response.headers["content-type"] == "application/json"
    response = await gateway.client.get("/api/listens/export")
    assert [line.split(",")[3] for line in response.text.splitlines()] == ["trackName", "a", "b", "c"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "no-store" in response.headers["cache-control"]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, "listening-history.csv"),
        ({"format": "json"}, "listening-history.json"),
        (
            {"from": "2024-01-01", "to": "2025-01-01", "tz": "Asia/Kathmandu"},
            "listening-history-from-2024-01-01-to-2025-01-01.csv",
        ),
    ],
)
async def test_the_file_is_called_by_what_was_asked_for(
    gateway: RunningGateway, params: dict[str, str], name: str
) -> None:
    response = await gateway.client.get("/api/listens/export", params=params)
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("file_format", ["csv", "json"])
async def test_an_empty_export_is_whole(gateway: RunningGateway, file_format: str) -> None:
    response = await gateway.client.get("/api/listens/export", params={"format": file_format})
    assert response.status_code == 200
    assert response.json() == [] if file_format == "json" else len(response.text.splitlines()) == 1


async def test_a_refusal_is_a_problem_and_no_file(gateway: RunningGateway) -> None:
    told = {"field": "filter.end_time"}
    refusal = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "filter.end_time is early.", told)
    gateway.coordinator.export = [refusal]
    response = await gateway.client.get("/api/listens/export")
    assert (response.status_code, response.json()["field"]) == (400, "to")
    assert "content-disposition" not in response.headers


@pytest.mark.parametrize("file_format", ["csv", "json"])
async def test_a_coordinator_that_fails_in_the_middle_breaks_the_connection_off(
    gateway: RunningGateway, file_format: str
) -> None:
    gateway.coordinator.export = [message("a"), message("b"), AWAY]
    async with gateway.client.stream("GET", "/api/listens/export", params={"format": file_format}) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await response.aread()


async def test_a_slow_reader_makes_the_export_wait(gateway: RunningGateway) -> None:
    large = message(*("n" * 1_000 for _ in range(1_000)))
    gateway.coordinator.export = itertools.repeat(large)
    async with gateway.client.stream("GET", "/api/listens/export") as response:
        pieces = response.aiter_raw()
        await anext(pieces)

        async def stands_still() -> bool:
            before = gateway.coordinator.exported_messages
            await asyncio.sleep(0.5)
            return before == gateway.coordinator.exported_messages

        # It is without end: that it comes to rest is the point. What was sent lies in the buffers of three connections.
        await eventually(stands_still, timeout=30)
        assert gateway.coordinator.exported_messages < 40
    await eventually(lambda: gateway.coordinator.open_exports == 0, timeout=30)


async def test_a_reader_who_leaves_ends_the_export(gateway: RunningGateway) -> None:
    gateway.coordinator.export = itertools.repeat(message("a"))
    async with gateway.client.stream("GET", "/api/listens/export", params={"format": "json"}) as response:
        await anext(response.aiter_raw())
        assert gateway.coordinator.open_exports == 1
    await eventually(lambda: gateway.coordinator.open_exports == 0, timeout=30)
