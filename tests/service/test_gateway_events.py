"""Progress as server-sent events, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator

import grpc
import httpx
import pytest

from gateway.server import GatewayServer
from protos.uploads.v1 import upload_pb2
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, RunningGateway, listening_gateway
from tests.waiting import eventually

PROCESSING = upload_pb2.UPLOAD_STATUS_PROCESSING
COMPLETED = upload_pb2.UPLOAD_STATUS_COMPLETED


@pytest.fixture
async def running() -> AsyncIterator[tuple[RunningGateway, GatewayServer]]:
    async with listening_gateway(heartbeat_seconds=0.2) as both:
        yield both


@pytest.fixture
def gateway(running: tuple[RunningGateway, GatewayServer]) -> RunningGateway:
    return running[0]


class Events:
    """The lines of an open stream."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        self._lines = response.aiter_lines()

    async def line(self, beginning: str) -> str:
        """The rest of the next line that begins so."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(beginning):
                    return line.removeprefix(beginning)
        raise AssertionError(f"the stream ended before a line with {beginning!r}")

    async def processed(self) -> int:
        return int(json.loads(await self.line("data: "))["processedFiles"])

    async def rest(self) -> list[str]:
        async with asyncio.timeout(10):
            return [line async for line in self._lines if line]


def new_upload(gateway: RunningGateway, status: upload_pb2.UploadStatus.ValueType = PROCESSING) -> str:
    return gateway.coordinator.add_upload(ANNA, status=status, total_files=3)


async def test_every_change_is_sent_and_the_terminal_state_ends_the_stream(gateway: RunningGateway) -> None:
    upload_id = new_upload(gateway)
    async with gateway.client.stream("GET", f"/api/uploads/{upload_id}/events") as response:
        events = Events(response)
        assert await events.processed() == 0
        await gateway.coordinator.change(upload_id, processed_files=1)
        assert await events.processed() == 1
        await gateway.coordinator.change(upload_id, processed_files=3, status=COMPLETED)
        assert json.loads(await events.line("data: "))["status"] == "completed"
        assert await events.rest() == []
    await eventually(lambda: gateway.coordinator.open_watches == 0)


async def test_an_event_is_what_status_answers(gateway: RunningGateway) -> None:
    upload_id = new_upload(gateway, COMPLETED)
    events = await gateway.client.get(f"/api/uploads/{upload_id}/events")
    status = await gateway.client.get(f"/api/uploads/{upload_id}/status")
    [data] = [line for line in events.text.splitlines() if line.startswith("data: ")]
    assert json.loads(data.removeprefix("data: ")) == status.json()


async def test_coming_back_with_the_last_id_gives_the_state_of_now(gateway: RunningGateway) -> None:
    upload_id = new_upload(gateway)
    path = f"/api/uploads/{upload_id}/events"
    async with gateway.client.stream("GET", path) as response:
        last_id = await Events(response).line("id: ")
    await gateway.coordinator.change(upload_id, processed_files=2)
    async with gateway.client.stream("GET", path, headers={"Last-Event-ID": last_id}) as response:
        events = Events(response)
        assert int(await events.line("id: ")) > int(last_id)
        assert await events.processed() == 2


async def test_silence_is_filled_with_heartbeats(gateway: RunningGateway) -> None:
    async with gateway.client.stream("GET", f"/api/uploads/{new_upload(gateway)}/events") as response:
        events = Events(response)
        await events.line(":")
        await events.line(":")


async def test_a_client_that_leaves_leaves_no_watch_behind(gateway: RunningGateway) -> None:
    async with gateway.client.stream("GET", f"/api/uploads/{new_upload(gateway)}/events") as response:
        await Events(response).processed()
        assert gateway.coordinator.open_watches == 1
    await eventually(lambda: gateway.coordinator.open_watches == 0)
    assert len(gateway.app.state.streams) == 0


async def test_a_coordinator_that_leaves_is_not_noticed(gateway: RunningGateway) -> None:
    upload_id = new_upload(gateway)
    async with gateway.client.stream("GET", f"/api/uploads/{upload_id}/events") as response:
        events = Events(response)
        await events.processed()
        await gateway.coordinator.cut_watches()
        assert await events.processed() == 0  # watched anew
        await gateway.coordinator.change(upload_id, processed_files=1)
        assert await events.processed() == 1


async def test_a_stream_whose_coordinators_stay_away_ends(gateway: RunningGateway) -> None:
    upload_id = new_upload(gateway)
    async with gateway.client.stream("GET", f"/api/uploads/{upload_id}/events") as response:
        events = Events(response)
        await events.processed()
        away = Refusal(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        gateway.coordinator.refusals["WatchUpload"] = [away] * 10
        await gateway.coordinator.cut_watches()
        assert all(line.startswith(":") for line in await events.rest())


async def test_a_refusal_is_a_problem_and_no_stream(gateway: RunningGateway) -> None:
    gateway.coordinator.refusals["WatchUpload"] = [Refusal(grpc.StatusCode.NOT_FOUND, "UPLOAD_NOT_FOUND")]
    response = await gateway.client.get(f"/api/uploads/{new_upload(gateway)}/events")
    assert (response.status_code, response.json()["reason"]) == (404, "UPLOAD_NOT_FOUND")


async def test_a_stream_ends_after_its_time() -> None:
    async with listening_gateway(events_seconds=0.3) as (gateway, _):
        response = await gateway.client.get(f"/api/uploads/{new_upload(gateway)}/events")
        assert '"status":"processing"' in response.text


async def test_a_gateway_that_stops_ends_its_streams(
    running: tuple[RunningGateway, GatewayServer], gateway: RunningGateway
) -> None:
    async with gateway.client.stream("GET", f"/api/uploads/{new_upload(gateway)}/events") as response:
        events = Events(response)
        await events.processed()
        running[1].should_exit = True
        assert all(line.startswith(":") for line in await events.rest())
