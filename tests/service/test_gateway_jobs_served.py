"""The queue over HTTP before a real coordinator: what the gateway asks for is what the coordinator takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import grpc.aio
import httpx
import pytest

from gateway.app import create_app
from protos.jobs.v1 import job_pb2
from tests.service.calls import complete, fail, get_job
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator
from tests.service.running_gateway import ANNA, BERT, bearer, settings_for, token_for

WISH = {"queue": "default", "kind": "work", "payload": {"width": 640}}


@pytest.fixture
async def served(
    start_coordinator: StartCoordinator, connect: Connect
) -> AsyncIterator[tuple[httpx.AsyncClient, grpc.aio.Channel]]:
    """Anna's client of a gateway, and a channel to the coordinator behind it."""
    coordinator = await start_coordinator()
    app = create_app(settings_for(f"127.0.0.1:{coordinator.port}", job_queues="default:work"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=bearer(token_for())) as client:
        yield client, connect(coordinator)
    await app.state.connection.channel.close()


async def test_a_job_goes_from_a_request_to_a_worker_and_its_result_back(
    served: tuple[httpx.AsyncClient, grpc.aio.Channel],
) -> None:
    client, channel = served
    job_id = (await client.post("/api/jobs", json=WISH)).json()["jobId"]
    assert (await client.get(f"/api/jobs/{job_id}")).json()["state"] == "pending"
    assert (await get_job(channel, UUID(job_id), ANNA)).lane == ANNA, "its turns are its owner's"
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        batch = await stream.jobs()
        assert list(batch.payloads) == [b'{"width":640}']
        (lease,) = leased(batch)
        assert await complete(channel, lease, results=['{"width":320}']) == []
    shown = (await client.get(f"/api/jobs/{job_id}")).json()
    assert (shown["state"], shown["result"], shown["attempt"]) == ("completed", {"width": 320}, 1)
    finished = await client.post(f"/api/jobs/{job_id}/cancel")
    assert (finished.status_code, finished.json()["reason"]) == (409, "JOB_FINISHED")
    hers = await client.get(f"/api/jobs/{job_id}", headers=bearer(token_for(BERT)))
    assert hers.status_code == 404


async def test_what_went_wrong_is_told_without_the_workers_name(
    served: tuple[httpx.AsyncClient, grpc.aio.Channel],
) -> None:
    client, channel = served
    job_id = (await client.post("/api/jobs", json=WISH)).json()["jobId"]
    async with claim_stream(channel, worker="host-7") as stream:
        await stream.grant(1)
        (lease,) = leased(await stream.jobs())
        await fail(channel, lease, permanent=True)
    response = await client.get(f"/api/jobs/{job_id}")
    (error,) = response.json()["errors"]
    assert (response.json()["state"], error["reason"], error["message"]) == ("failed", "BROKEN", "it broke")
    assert "host-7" not in response.text


async def test_delays_and_unique_keys_and_idempotency_keys_reach_the_coordinator(
    served: tuple[httpx.AsyncClient, grpc.aio.Channel],
) -> None:
    client, channel = served
    wish = WISH | {"delaySeconds": 60, "uniqueKey": "u"}
    first = (await client.post("/api/jobs", json=wish, headers={"Idempotency-Key": "k"})).json()
    again = (await client.post("/api/jobs", json=wish, headers={"Idempotency-Key": "k"})).json()
    assert again["jobId"] == first["jobId"]
    namesake = (await client.post("/api/jobs", json=wish)).json()
    assert namesake == {"jobId": first["jobId"], "existing": True}
    job = await get_job(channel, UUID(first["jobId"]), ANNA)
    assert (job.state, job.unique_key) == (job_pb2.JOB_STATE_SCHEDULED, "u")
    assert (await client.get(f"/api/jobs/{job.id}")).json()["runAt"]
    cancelled = await client.post(f"/api/jobs/{job.id}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await client.post("/api/jobs", json=wish)).json()["existing"] is False
