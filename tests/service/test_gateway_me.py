"""The route by which a person is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest

from protos.listens.v1.listen_service_pb2 import DeleteUserDataRequest, DeleteUserDataResponse
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, RunningGateway, running_gateway


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway() as running:
        yield running


async def test_a_person_is_forgotten_and_told_what_was_removed(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["DeleteUserData"] = DeleteUserDataResponse(plays=2**40, uploads=2, files=3, jobs=4)
    response = await gateway.client.delete("/api/me")
    assert response.status_code == 200
    assert response.json() == {"removed": {"plays": 2**40, "uploads": 2, "files": 3, "jobs": 4}}
    assert gateway.coordinator.calls == [("DeleteUserData", DeleteUserDataRequest(owner=ANNA))]


async def test_a_repeat_is_told_of_nothing(gateway: RunningGateway) -> None:
    response = await gateway.client.delete("/api/me")
    assert response.json() == {"removed": {"plays": 0, "uploads": 0, "files": 0, "jobs": 0}}


async def test_nobody_is_forgotten_without_a_token(gateway: RunningGateway) -> None:
    response = await gateway.client.delete("/api/me", headers={"Authorization": ""})
    assert (response.status_code, response.json()["reason"]) == (401, "UNAUTHENTICATED")
    assert gateway.coordinator.calls == []


async def test_nobody_else_can_be_named(gateway: RunningGateway) -> None:
    other = "22222222-2222-4222-8222-222222222222"
    await gateway.client.request("DELETE", "/api/me", params={"owner": other}, json={"owner": other})
    assert gateway.coordinator.calls == [("DeleteUserData", DeleteUserDataRequest(owner=ANNA))]


async def test_what_is_under_way_is_a_problem_with_a_time_to_wait(gateway: RunningGateway) -> None:
    busy = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "BUSY", "Try again.", retry_after_seconds=3)
    gateway.coordinator.refusals["DeleteUserData"] = [busy]
    response = await gateway.client.delete("/api/me")
    assert (response.status_code, response.json()["reason"], response.headers["retry-after"]) == (429, "BUSY", "3")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_coordinator_that_leaves_is_asked_again(gateway: RunningGateway) -> None:
    leaving = Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING", retry_after_seconds=0)
    gateway.coordinator.refusals["DeleteUserData"] = [leaving]
    assert (await gateway.client.delete("/api/me")).status_code == 200
    assert len(gateway.coordinator.requests_of("DeleteUserData")) == 2


async def test_it_is_described_with_its_problems(gateway: RunningGateway) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    described = document["paths"]["/api/me"]["delete"]
    assert set(described["responses"]) == {"200", "401", "429", "503"}
    assert described["security"], "it asks for a token"
    assert set(document["components"]["schemas"]["RemovedView"]["required"]) == {"plays", "uploads", "files", "jobs"}
