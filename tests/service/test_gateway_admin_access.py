"""With which token the gateway acts for operators, and the live stream of how everything stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.server import GatewayServer, address_of, listen
from tests.service.administering import audited
from tests.service.conftest import StartCoordinator
from tests.service.queue_work import enqueue
from tests.service.running_gateway import ANNA, bearer, settings_for, token_for
from tests.service.test_gateway_events import Events
from tests.waiting import eventually

PRODUCER = "a-producers-token-of-the-tests"
OPERATOR = "an-operators-token-of-the-tests"
TOKENS = f"producer:{PRODUCER} operator:{OPERATOR}"
HER_TOKEN = bearer(token_for(app_metadata={"sluice_role": "operator"}))


@asynccontextmanager
async def served(port: int, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, GatewayServer]]:
    """Anna, an operator, at a gateway on a socket of its own, for streams have to flow."""
    chosen = settings_for(f"127.0.0.1:{port}", http_port=0, **settings)
    listener = listen(chosen)
    server = GatewayServer(create_app(chosen), chosen)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    async with httpx.AsyncClient(base_url=address_of(listener), headers=HER_TOKEN, timeout=30) as client:
        yield client, server
    server.should_exit = True
    await serving


async def test_an_operators_token_is_shown_for_operators_alone(
    start_coordinator: StartCoordinator, owner_url: str
) -> None:
    coordinator = await start_coordinator(service_tokens=TOKENS)
    async with served(coordinator.port, service_token=PRODUCER, operator_token=OPERATOR) as (client, _):
        assert (await client.post("/api/admin/queues/images/pause")).json() == {"changed": True}
        assert (await client.get("/api/uploads")).status_code == 200
    (line,) = audited(owner_url)
    assert line["principal"].startswith("operator/")
    assert line["principal"].endswith(f" for {ANNA}")


@pytest.mark.parametrize("shown", [{"service_token": PRODUCER}, {"operator_token": "unknown"}, {}])
@pytest.mark.parametrize("path", ["/api/admin/queues", "/api/admin/events"])
async def test_a_gateway_without_that_right_says_what_to_configure(
    start_coordinator: StartCoordinator, shown: dict[str, Any], path: str
) -> None:
    coordinator = await start_coordinator(service_tokens=TOKENS)
    async with served(coordinator.port, **shown) as (client, _):
        response = await client.get(path)
        assert (response.status_code, response.json()["reason"]) == (503, "OPERATOR_TOKEN_NEEDED")
        assert "SLUICE_OPERATOR_TOKEN" in response.json()["detail"]
        nobody = await client.get(path, headers=bearer(token_for()))
        assert (nobody.status_code, "SLUICE" in nobody.text) == (404, False)


async def test_a_service_token_of_an_operator_will_do(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(service_tokens=TOKENS)
    async with served(coordinator.port, service_token=OPERATOR) as (client, _):
        assert (await client.get("/api/admin/queues")).status_code == 200


async def test_the_stream_tells_of_what_changes_and_ends_in_its_time(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator()
    async with (
        served(coordinator.port, events_seconds=6, heartbeat_seconds=0.2) as (client, server),
        client.stream("GET", "/api/admin/events") as response,
    ):
        events = Events(response)
        first = json.loads(await events.line("data: "))
        assert (first["queues"], first["workers"], first["moreWorkers"]) == ([], [], False)
        assert first["at"].endswith("Z")
        await enqueue(f"127.0.0.1:{coordinator.port}", 2)
        while not (seen := json.loads(await events.line("data: ")))["queues"]:
            assert seen["at"] > first["at"]
        assert [(queue["queue"], queue["pending"]) for queue in seen["queues"]] == [("images", 2)]
        assert (await client.get("/api/admin/overview")).json().keys() == seen.keys()
        await events.rest()
        assert server.started


async def test_a_stream_ends_when_the_gateway_leaves(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator()
    async with (
        served(coordinator.port) as (client, server),
        client.stream("GET", "/api/admin/events") as response,
    ):
        events = Events(response)
        await events.line("data: ")
        server.should_exit = True
        await events.rest()
