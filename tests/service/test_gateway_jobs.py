"""The queue over HTTP: what a person may have done, and see of it; against a coordinator that keeps jobs in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

from gateway.app import create_app
from gateway.server import GatewayServer, address_of, listen
from protos.jobs.v1 import job_pb2
from protos.jobs.v1.job_service_pb2 import EnqueueRequest, NewJob
from tests.service.fake_jobs import FakeJobs, fake_jobs
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, BERT, bearer, settings_for, token_for
from tests.service.test_gateway_events import Events
from tests.waiting import eventually

OPEN = "images:resize,crop mail:*"
WISH = {"queue": "images", "kind": "resize", "payload": {"width": 640}}
NOBODYS = "33333333-3333-4333-8333-333333333333"
ROUTES = [
    ("POST", "/api/jobs"),
    ("GET", f"/api/jobs/{NOBODYS}"),
    ("POST", f"/api/jobs/{NOBODYS}/cancel"),
    ("GET", f"/api/jobs/{NOBODYS}/events"),
]


@dataclass(frozen=True)
class JobsGateway:
    """`client` speaks as Anna."""

    coordinator: FakeJobs
    client: httpx.AsyncClient


@asynccontextmanager
async def jobs_gateway(**values: Any) -> AsyncIterator[JobsGateway]:
    """Runs the application in this process, without a socket; `values` are settings."""
    async with fake_jobs() as (fake, target):
        app = create_app(settings_for(target, **({"job_queues": OPEN} | values)))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway", headers=bearer(token_for())
        ) as client:
            yield JobsGateway(fake, client)
        await app.state.connection.channel.close()


@pytest.fixture
async def gateway() -> AsyncIterator[JobsGateway]:
    async with jobs_gateway() as running:
        yield running


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["reason"]


async def test_a_job_is_put_into_its_queue_for_whoever_asks(gateway: JobsGateway) -> None:
    wish = WISH | {"delaySeconds": 1.5, "expireAfterSeconds": 60, "uniqueKey": "u"}
    response = await gateway.client.post("/api/jobs", json=wish)
    assert (response.status_code, response.json()) == (
        202,
        {"jobId": next(iter(gateway.coordinator.jobs)), "existing": False},
    )
    job = NewJob(queue="images", kind="resize", payload=b'{"width":640}', unique_key="u")
    job.delay.FromMilliseconds(1_500)
    job.expire_after.FromSeconds(60)
    assert gateway.coordinator.requests_of("Enqueue") == [EnqueueRequest(owner=ANNA, jobs=[job])]


@pytest.mark.parametrize(
    ("said", "stored"),
    [({}, b""), ({"payload": None}, b"null"), ({"payload": "gr\u00fc\u00df"}, '"gr\u00fc\u00df"'.encode())],
)
async def test_a_payload_is_any_json_or_none(gateway: JobsGateway, said: dict[str, Any], stored: bytes) -> None:
    await gateway.client.post("/api/jobs", json={"queue": "mail", "kind": "whatever"} | said)
    assert [job.payload for job in gateway.coordinator.requests_of("Enqueue")[0].jobs] == [stored]


async def test_the_same_key_gives_the_first_job_and_with_other_content_a_conflict(gateway: JobsGateway) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await gateway.client.post("/api/jobs", json=WISH, headers=headers)
    again = await gateway.client.post("/api/jobs", json=WISH, headers=headers)
    assert again.json() == first.json()
    other = await gateway.client.post("/api/jobs", json=WISH | {"payload": 1}, headers=headers)
    assert problem(other) == (409, "IDEMPOTENCY_KEY_REUSED")
    as_bert = headers | bearer(token_for(BERT))
    theirs = await gateway.client.post("/api/jobs", json=WISH, headers=as_bert)
    assert theirs.json()["jobId"] != first.json()["jobId"], "a key is its owner's"


@pytest.mark.parametrize("field", ["owner", "lane", "priority", "weight", "colour"])
async def test_nobody_asks_for_another_persons_job_or_passes_others(gateway: JobsGateway, field: str) -> None:
    response = await gateway.client.post("/api/jobs", json=WISH | {field: 1})
    assert problem(response) == (422, "VALIDATION_FAILED")
    assert response.json()["field"] == field
    assert not gateway.coordinator.calls


@pytest.mark.parametrize(
    ("queue", "kind"), [("images", "shred"), ("ingest", "ingest"), ("*", "resize"), ("images", "*")]
)
async def test_what_is_not_open_to_people_is_not_found(gateway: JobsGateway, queue: str, kind: str) -> None:
    response = await gateway.client.post("/api/jobs", json=WISH | {"queue": queue, "kind": kind})
    assert problem(response) == (404, "NOT_FOUND")
    assert not gateway.coordinator.calls


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"queue": ""}, "queue"),
        ({"kind": 3}, "kind"),
        ({"delaySeconds": -1}, "delaySeconds"),
        ({"expireAfterSeconds": 0.5}, "expireAfterSeconds"),
        ({"uniqueKey": "x" * 201}, "uniqueKey"),
    ],
)
async def test_a_field_that_cannot_be_is_named(gateway: JobsGateway, change: dict[str, Any], field: str) -> None:
    response = await gateway.client.post("/api/jobs", json=WISH | change)
    assert problem(response) == (422, "VALIDATION_FAILED")
    assert response.json()["field"] == field


@pytest.mark.parametrize("payload", ["NaN", "[1e999]", '"\\ud800"', "[" * 3_000 + "]" * 3_000])
async def test_a_payload_that_is_no_sound_json_is_refused(gateway: JobsGateway, payload: str) -> None:
    body = '{"queue": "images", "kind": "resize", "payload": ' + payload + "}"
    headers = {"Content-Type": "application/json"}
    response = await gateway.client.post("/api/jobs", content=body.encode(), headers=headers)
    assert response.status_code in (400, 422)
    assert not gateway.coordinator.calls


async def test_a_payload_beyond_the_limit_is_refused_with_the_limit_and_the_value() -> None:
    async with jobs_gateway(job_payload_bytes=20) as gateway:
        fits = await gateway.client.post("/api/jobs", json=WISH | {"payload": "x" * 18})
        assert fits.status_code == 202
        response = await gateway.client.post("/api/jobs", json=WISH | {"payload": "x" * 19})
        assert problem(response) == (413, "PAYLOAD_TOO_LARGE")
        assert {name: response.json()[name] for name in ("field", "limit", "value")} == {
            "field": "payload", "limit": 20, "value": 21,
        }  # fmt: skip
        huge = await gateway.client.post("/api/jobs", json=WISH | {"payload": "x" * 20_000})
        assert problem(huge) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_full_queue_is_told_with_the_time_to_wait(gateway: JobsGateway) -> None:
    gateway.coordinator.refusals["Enqueue"] = [
        Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "The queue is full.", {"limit": "5"}, 7)
    ]
    response = await gateway.client.post("/api/jobs", json=WISH)
    assert problem(response) == (429, "QUEUE_FULL")
    assert (response.headers["Retry-After"], response.json()["limit"]) == ("7", 5)


async def test_a_job_shows_all_that_is_its_owners_to_know(gateway: JobsGateway) -> None:
    job_id = gateway.coordinator.add_job(
        ANNA,
        state=job_pb2.JOB_STATE_FAILED,
        attempt=2,
        progress=job_pb2.Progress(done=1, total=2, message="half"),
        errors=[job_pb2.JobError(attempt=1, worker="host-7", reason="BROKEN", message="it broke")],
        result='{"width":320}',
        lane="a lane",
    )
    for name in ("started_at", "finished_at"):
        getattr(gateway.coordinator.jobs[job_id], name).FromSeconds(1_764_072_000)
    shown = (await gateway.client.get(f"/api/jobs/{job_id}")).json()
    assert shown.pop("createdAt").endswith("Z")
    assert shown == {
        "id": job_id,
        "queue": "images",
        "kind": "resize",
        "state": "failed",
        "attempt": 2,
        "maxAttempts": 4,
        "progress": {"done": 1, "total": 2, "message": "half"},
        "result": {"width": 320},
        "errors": [{"attempt": 1, "reason": "BROKEN", "message": "it broke", "occurredAt": "1970-01-01T00:00:00.000Z"}],
        "startedAt": "2025-11-25T12:00:00.000Z",
        "finishedAt": "2025-11-25T12:00:00.000Z",
        "runAt": None,
    }


async def test_an_unfinished_job_is_cancelled_and_a_finished_one_is_a_conflict(gateway: JobsGateway) -> None:
    job_id = gateway.coordinator.add_job(ANNA)
    response = await gateway.client.post(f"/api/jobs/{job_id}/cancel", headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    gateway.coordinator.refusals["CancelJob"] = [Refusal(grpc.StatusCode.FAILED_PRECONDITION, "JOB_FINISHED")]
    assert problem(await gateway.client.post(f"/api/jobs/{job_id}/cancel")) == (409, "JOB_FINISHED")


@pytest.mark.parametrize(
    "job", [{"owner": BERT}, {"owner": ANNA, "queue": "ingest", "kind": "ingest"}, {"owner": ANNA, "kind": "shred"}]
)
async def test_anothers_job_and_one_of_no_open_kind_are_not_found(gateway: JobsGateway, job: dict[str, str]) -> None:
    job_id = gateway.coordinator.add_job(**job)
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/events")):
        assert problem(await gateway.client.request(method, f"/api/jobs/{job_id}{path}")) == (404, "JOB_NOT_FOUND")
    assert gateway.coordinator.jobs[job_id].state == job_pb2.JOB_STATE_PENDING
    await eventually(lambda: gateway.coordinator.open_watches == 0)


async def test_what_cannot_be_an_id_is_not_found_without_a_question(gateway: JobsGateway) -> None:
    assert problem(await gateway.client.get("/api/jobs/everything")) == (404, "JOB_NOT_FOUND")
    assert not gateway.coordinator.calls


async def test_every_route_wants_a_token_and_is_told_of(gateway: JobsGateway) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    del gateway.client.headers["Authorization"]
    for method, path in ROUTES:
        assert document["paths"][path.replace(NOBODYS, "{job_id}")][method.lower()]["security"]
        assert problem(await gateway.client.request(method, path)) == (401, "UNAUTHENTICATED")


async def test_where_nothing_is_open_to_people_the_routes_do_not_exist() -> None:
    async with jobs_gateway(job_queues="") as gateway:
        for method, path in ROUTES:
            response = await gateway.client.request(method, path, json=WISH if method == "POST" else None)
            assert problem(response) == (404, "NOT_FOUND")
        assert not any(
            path.startswith("/api/jobs") for path in (await gateway.client.get("/openapi.json")).json()["paths"]
        )


@asynccontextmanager
async def listening(**values: Any) -> AsyncIterator[JobsGateway]:
    """Runs the server on a free port of loopback: only over a real connection do events come one by one."""
    async with fake_jobs() as (fake, target):
        settings = settings_for(target, http_port=0, job_queues=OPEN, **values)
        listener = listen(settings)
        server = GatewayServer(create_app(settings), settings)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started)
        async with httpx.AsyncClient(base_url=address_of(listener), headers=bearer(token_for())) as client:
            yield JobsGateway(fake, client)
        server.should_exit = True
        await serving


async def test_every_change_of_a_job_is_an_event_and_its_final_state_ends_the_stream() -> None:
    async with listening(heartbeat_seconds=0.2) as gateway:
        job_id = gateway.coordinator.add_job(ANNA)
        async with gateway.client.stream("GET", f"/api/jobs/{job_id}/events") as response:
            events = Events(response)
            assert json.loads(await events.line("data: "))["state"] == "pending"
            await events.line(": nothing new")
            half = job_pb2.Progress(done=1, total=2)
            await gateway.coordinator.change(job_id, state=job_pb2.JOB_STATE_PROCESSING, progress=half)
            assert json.loads(await events.line("data: "))["progress"]["done"] == 1
            await gateway.coordinator.cut_watches()
            await gateway.coordinator.change(job_id, state=job_pb2.JOB_STATE_COMPLETED, result="[1]")
            while (last := json.loads(await events.line("data: ")))["state"] != "completed":
                pass
            assert last == (await gateway.client.get(f"/api/jobs/{job_id}")).json()
            assert await events.rest() == []
        await eventually(lambda: gateway.coordinator.open_watches == 0)


async def test_a_reader_who_leaves_ends_the_watch() -> None:
    async with listening() as gateway:
        job_id = gateway.coordinator.add_job(ANNA)
        async with gateway.client.stream("GET", f"/api/jobs/{job_id}/events") as response:
            await Events(response).line("data: ")
            assert gateway.coordinator.open_watches == 1
        await eventually(lambda: gateway.coordinator.open_watches == 0)
