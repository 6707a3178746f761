"""What operators see and do over HTTP, before a real coordinator; to everybody else there is nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from coordinator.server import Coordinator
from gateway.app import create_app
from tests.service.administering import audited, run_sql
from tests.service.conftest import StartCoordinator
from tests.service.queue_work import enqueue, failed_jobs, working
from tests.service.running_gateway import ANNA, BERT, bearer, settings_for, token_for
from tests.waiting import eventually

OPERATOR: dict[str, Any] = {"app_metadata": {"sluice_role": "operator"}}
NO_JOB = "33333333-3333-4333-8333-333333333333"
ROUTES = [
    ("GET", "/api/admin/queues"),
    ("POST", "/api/admin/queues/images/pause"),
    ("POST", "/api/admin/queues/images/resume"),
    ("PUT", "/api/admin/queues/images/limits"),
    ("GET", "/api/admin/workers"),
    ("POST", "/api/admin/workers/1/drain"),
    ("GET", "/api/admin/jobs"),
    ("GET", f"/api/admin/jobs/{NO_JOB}"),
    ("POST", "/api/admin/jobs/cancel"),
    ("POST", "/api/admin/jobs/redrive"),
    ("GET", "/api/admin/audit"),
    ("GET", "/api/admin/overview"),
    ("GET", "/api/admin/events"),
]


@pytest.fixture
async def coordinator(start_coordinator: StartCoordinator) -> Coordinator:
    return await start_coordinator()


@pytest.fixture
def target(coordinator: Coordinator) -> str:
    return f"127.0.0.1:{coordinator.port}"


@pytest.fixture
async def client(target: str) -> AsyncIterator[httpx.AsyncClient]:
    """Anna, an operator, at a gateway."""
    app = create_app(settings_for(target))
    headers = bearer(token_for(**OPERATOR))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as opened:
        yield opened
    await app.state.connection.close()


async def answer(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["reason"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("nonsense"),
        bearer(token_for()),
        bearer(token_for(user_metadata={"sluice_role": "operator"})),
        bearer(token_for(app_metadata={"sluice_role": "listener"})),
        bearer(token_for(app_metadata="operator")),
        bearer(token_for(sluice_role="operator")),
        bearer(token_for(**OPERATOR, exp=1)),
        bearer(token_for(**OPERATOR, secret="another-secret-that-is-long-enough-too")),
        {"Authorization": f"Basic {token_for(**OPERATOR)}"},
    ],
)
async def test_to_everybody_but_operators_every_route_is_like_nothing(
    client: httpx.AsyncClient, owner_url: str, headers: dict[str, str]
) -> None:
    del client.headers["Authorization"]
    nothing = (await client.get("/api/nothing")).json()
    for method, path in [*ROUTES, ("DELETE", "/api/admin/queues"), ("GET", "/api/admin"), ("GET", "/api/admin/more")]:
        response = await client.request(method, path, headers=headers, content=b"{no json")
        assert problem(response) == (404, "NOT_FOUND"), path
        own = {"instance", "requestId"}
        assert {name: told for name, told in response.json().items() if name not in own} == {
            name: told for name, told in nothing.items() if name not in own
        }
        assert "allow" not in response.headers
        assert "www-authenticate" not in response.headers
    assert audited(owner_url) == []


async def test_two_tokens_are_none(client: httpx.AsyncClient) -> None:
    token = client.headers.pop("Authorization")
    both = [("Authorization", token), ("Authorization", token)]
    assert problem(await client.get("/api/admin/queues", headers=both)) == (404, "NOT_FOUND")


async def test_no_route_is_forgotten_above(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    told = {
        (method.upper(), path.format(queue="images", worker_id="1", job_id=NO_JOB))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/api/admin") and operation["security"]
    }
    assert told == set(ROUTES)


async def test_queues_are_told_with_what_waits_in_them(client: httpx.AsyncClient, target: str) -> None:
    await enqueue(target, 3, lane="a")
    await enqueue(target, 1, owner="other")
    await failed_jobs(target)
    view = await answer(await client.get("/api/admin/queues"))
    (queue,) = view["queues"]
    assert {name: queue[name] for name in ("queue", "paused", "pending", "scheduled", "processing")} == {
        "queue": "images",
        "paused": False,
        "pending": 0,
        "scheduled": 0,
        "processing": 0,
    }
    assert view["countedAt"].endswith("Z")


async def test_depth_age_and_the_deepest_lanes_are_told(client: httpx.AsyncClient, target: str) -> None:
    await enqueue(target, 3, lane="deep")
    await enqueue(target, 1, lane="")
    (queue,) = (await answer(await client.get("/api/admin/queues")))["queues"]
    assert (queue["pending"], queue["lanes"][0]) == (4, {"lane": "deep", "pending": 3})
    age = datetime.now(UTC) - datetime.fromisoformat(queue["oldestPendingAt"])
    assert timedelta() < age < timedelta(minutes=1)
    assert queue["limits"] == {"maxDepth": None, "maxRunning": None, "maxRunningPerLane": None, "rate": None}


async def test_a_queue_is_paused_and_resumed_in_the_name_of_the_person(
    client: httpx.AsyncClient, target: str, owner_url: str
) -> None:
    await enqueue(target)
    changed = [
        (await answer(await client.post(f"/api/admin/queues/images/{act}")))["changed"]
        for act in ("pause", "pause", "resume")
    ]
    assert changed == [True, False, True]
    assert [(line["act"], line["principal"]) for line in audited(owner_url)] == [
        ("PauseQueue", f"local for {ANNA}"),
        ("PauseQueue", f"local for {ANNA}"),
        ("ResumeQueue", f"local for {ANNA}"),
    ]
    (entry, *_) = (await answer(await client.get("/api/admin/audit")))["items"]
    assert (entry["act"], entry["principal"], entry["details"]["queue"]) == (
        "ResumeQueue",
        f"local for {ANNA}",
        "images",
    )


async def test_limits_are_set_in_place_of_those_before(client: httpx.AsyncClient, target: str) -> None:
    await enqueue(target)
    path = "/api/admin/queues/images/limits"
    first = {"maxDepth": 10, "maxRunning": 2, "rate": {"perSecond": 2.5, "burst": 5}}
    assert (await answer(await client.put(path, json=first)))["previous"]["maxDepth"] is None
    second = await answer(await client.put(path, json={"maxRunningPerLane": 1}))
    assert second["previous"] == {**first, "maxRunningPerLane": None}
    (queue,) = (await answer(await client.get("/api/admin/queues")))["queues"]
    assert queue["limits"] == {"maxDepth": None, "maxRunning": None, "maxRunningPerLane": 1, "rate": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"maxDepth": 0}, "maxDepth"),
        ({"maxRunning": 10**30}, "maxRunning"),
        ({"rate": {"perSecond": 0}}, "rate.perSecond"),
        ({"depth": 1}, "depth"),
    ],
)
async def test_limits_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    response = await client.put("/api/admin/queues/images/limits", json=body)
    assert problem(response) == (422, "VALIDATION_FAILED")
    assert response.json()["field"] == field


async def test_a_name_that_no_queue_has_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/admin/queues/no%20name/pause")
    assert (problem(response), response.json()["field"]) == ((400, "INVALID_REQUEST"), "queue")


async def test_workers_are_told_with_what_they_hold_and_can_be_drained(
    client: httpx.AsyncClient, target: str, owner_url: str
) -> None:
    (job_id,) = await enqueue(target)
    async with working(target) as gate:

        async def holding() -> Any:
            workers = (await answer(await client.get("/api/admin/workers")))["items"]
            return next((one for one in workers if one["held"] and one["held"][0]["progress"]), None)

        worker = await eventually(holding)
        (held,) = worker["held"]
        assert (worker["name"], worker["state"], worker["heldCount"]) == ("w1", "active", 1)
        assert (held["jobId"], held["kind"], held["attempt"]) == (job_id, "resize", 1)
        assert held["progress"] == {"done": 1, "total": 2, "message": "half way"}
        drained = await answer(await client.post(f"/api/admin/workers/{worker['id']}/drain"))
        assert drained == {"changed": True}
        (draining,) = (await answer(await client.get("/api/admin/workers")))["items"]
        assert draining["state"] == "draining"
        gate.open()

        async def gone() -> bool:
            items = (await answer(await client.get("/api/admin/workers", params={"closed": "true"})))["items"]
            return [(one["id"], one["state"]) for one in items] == [(worker["id"], "left")]

        await eventually(gone)
    assert [line["act"] for line in audited(owner_url)] == ["DrainWorker"]
    assert problem(await client.post("/api/admin/workers/999/drain")) == (404, "WORKER_NOT_FOUND")
    assert problem(await client.post("/api/admin/workers/w1/drain")) == (404, "WORKER_NOT_FOUND")


async def test_jobs_of_any_owner_are_found_by_what_they_are(client: httpx.AsyncClient, target: str) -> None:
    (failed,) = await failed_jobs(target)
    (hers,) = await enqueue(target, owner=BERT, kind="crop")
    (scheduled,) = await enqueue(target, delay=60)

    async def ids(**filters: Any) -> list[str]:
        return [job["id"] for job in (await answer(await client.get("/api/admin/jobs", params=filters)))["items"]]

    assert await ids() == [scheduled, hers, failed]
    assert await ids(owner=BERT) == await ids(kind="crop") == await ids(state="pending") == [hers]
    assert await ids(state=["failed", "scheduled"]) == [scheduled, failed]
    assert await ids(reason="TOO_LARGE") == [failed]
    assert await ids(queue="others") == []
    first = await answer(await client.get("/api/admin/jobs", params={"limit": 2}))
    rest = await ids(cursor=first["nextCursor"])
    assert ([job["id"] for job in first["items"]], rest) == ([scheduled, hers], [failed])
    row = first["items"][1]
    assert (row["owner"], row["state"], row["size"], row["lastError"]) == (BERT, "pending", 3, None)
    response = await client.get("/api/admin/jobs", params={"cursor": "nonsense"})
    assert (problem(response), response.json()["field"]) == ((400, "INVALID_REQUEST"), "cursor")
    assert problem(await client.get("/api/admin/jobs", params={"state": "ill"})) == (422, "VALIDATION_FAILED")


async def test_a_job_is_told_with_every_error_and_who_had_it(client: httpx.AsyncClient, target: str) -> None:
    (job_id,) = await failed_jobs(target)
    job = await answer(await client.get(f"/api/admin/jobs/{job_id}"))
    (error,) = job["errors"]
    assert (error["attempt"], error["worker"], error["reason"], error["message"]) == (
        1,
        "w1",
        "TOO_LARGE",
        "no more than 4096 wide",
    )
    assert job["lastError"] == error
    assert (job["state"], job["owner"], job["progress"]["done"]) == ("failed", "me", 1)
    assert job["finishedAt"]
    assert job["runAt"] is None
    assert problem(await client.get(f"/api/admin/jobs/{NO_JOB}")) == (404, "JOB_NOT_FOUND")
    assert problem(await client.get("/api/admin/jobs/cancel")) == (404, "JOB_NOT_FOUND")


async def test_failed_jobs_are_redriven_by_their_ids_or_step_by_step(
    client: httpx.AsyncClient, target: str, owner_url: str
) -> None:
    first, *others = await failed_jobs(target, 4)
    done = await answer(await client.post("/api/admin/jobs/redrive", json={"jobIds": [first, NO_JOB]}))
    assert done == {"jobIds": [first], "more": False}
    failed_until = datetime.now(UTC).isoformat()
    wish = {"filter": {"queue": "images", "reason": "TOO_LARGE", "failedUntil": failed_until}, "limit": 2}
    steps = [await answer(await client.post("/api/admin/jobs/redrive", json=wish)) for _ in range(2)]
    assert sorted(steps[0]["jobIds"] + steps[1]["jobIds"]) == sorted(others)
    assert [step["more"] for step in steps] == [True, False]
    acts = audited(owner_url)
    assert [(line["act"], line["principal"]) for line in acts] == [("RedriveJobs", f"local for {ANNA}")] * 3


async def test_what_failed_after_the_time_given_is_left(client: httpx.AsyncClient, target: str) -> None:
    await failed_jobs(target)
    wish = {"filter": {"queue": "images", "failedUntil": "2020-01-01T00:00:00Z"}}
    assert (await answer(await client.post("/api/admin/jobs/redrive", json=wish)))["jobIds"] == []


async def test_unfinished_jobs_are_cancelled_by_their_ids_or_step_by_step(
    client: httpx.AsyncClient, target: str, owner_url: str
) -> None:
    first, *others = await enqueue(target, 4, owner=ANNA, delay=60)
    done = await answer(await client.post("/api/admin/jobs/cancel", json={"jobIds": [first]}))
    assert done == {"jobIds": [first], "more": False}
    wish = {"filter": {"queue": "images", "owner": ANNA}, "limit": 3}
    step = await answer(await client.post("/api/admin/jobs/cancel", json=wish))
    assert (sorted(step["jobIds"]), step["more"]) == (sorted(others), True)
    assert (await answer(await client.post("/api/admin/jobs/cancel", json=wish)))["more"] is False
    assert f'"{ANNA}"' not in json.dumps([line["details"] for line in audited(owner_url)]), "the owner is an HMAC there"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "INVALID_REQUEST")),
        ({"jobIds": [NO_JOB], "filter": {"queue": "images"}}, (400, "INVALID_REQUEST")),
        ({"jobIds": ["none"]}, (422, "VALIDATION_FAILED")),
        ({"jobIds": [NO_JOB] * 1001}, (422, "VALIDATION_FAILED")),
        ({"filter": {"kind": "resize"}}, (422, "VALIDATION_FAILED")),
        ({"filter": {"queue": "\ud800"}}, (422, "VALIDATION_FAILED")),
        ({"filter": {"queue": "images"}, "limit": 1001}, (422, "VALIDATION_FAILED")),
    ],
)
@pytest.mark.parametrize("act", ["cancel", "redrive"])
async def test_a_choice_that_is_none_changes_nothing(
    client: httpx.AsyncClient, owner_url: str, act: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post(f"/api/admin/jobs/{act}", content=json.dumps(body), headers=headers)
    assert problem(response) == expected
    assert audited(owner_url) == []


async def test_the_audit_log_comes_in_pages(client: httpx.AsyncClient) -> None:
    for queue in ("a", "b", "c"):
        await client.post(f"/api/admin/queues/{queue}/pause")
    first = await answer(await client.get("/api/admin/audit", params={"limit": 2}))
    second = await answer(await client.get("/api/admin/audit", params={"cursor": first["nextCursor"]}))
    told = [entry["details"]["queue"] for page in (first, second) for entry in page["items"]]
    assert (told, second["nextCursor"]) == (["c", "b", "a"], None)


async def test_a_long_list_in_the_audit_log_is_told_by_its_count(client: httpx.AsyncClient, target: str) -> None:
    ids = await enqueue(target, 21, delay=60)
    await answer(await client.post("/api/admin/jobs/cancel", json={"jobIds": ids}))
    (entry,) = (await answer(await client.get("/api/admin/audit")))["items"]
    assert entry["details"]["job_ids"] == {"count": 21, "first": ids[:20]}
    assert entry["details"]["cancelled"]["count"] == 21


async def test_a_result_and_all_the_rest_of_a_job_are_told(
    client: httpx.AsyncClient, target: str, owner_url: str
) -> None:
    (job_id,) = await enqueue(target, unique_key="u")
    async with working(target) as gate:
        gate.open()

        async def completed() -> Any:
            job = await answer(await client.get(f"/api/admin/jobs/{job_id}"))
            return job if job["state"] == "completed" else None

        job = await eventually(completed)
    assert (job["result"], job["uniqueKey"], job["size"], job["errors"]) == ({"width": 640}, "u", 3, [])
    run_sql(owner_url, "UPDATE sluice.job_history SET result = NULL")
    assert (await answer(await client.get(f"/api/admin/jobs/{job_id}")))["result"] is None
