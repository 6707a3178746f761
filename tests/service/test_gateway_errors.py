"""Whatever goes wrong is a problem document, with the headers of every answer."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.headers import CONTENT_SECURITY_POLICY
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import (
    RunningGateway,
    bearer,
    listening_gateway,
    running_gateway,
    settings_for,
    token_for,
)

PROTECTED = [
    ("POST", "/api/uploads/json"),
    ("POST", "/api/uploads/zip"),
    ("GET", "/api/uploads"),
    ("GET", "/api/uploads/33333333-3333-4333-8333-333333333333/status"),
    ("GET", "/api/uploads/33333333-3333-4333-8333-333333333333/events"),
    ("POST", "/api/uploads/33333333-3333-4333-8333-333333333333/retry"),
    ("POST", "/api/uploads/33333333-3333-4333-8333-333333333333/cancel"),
    ("DELETE", "/api/uploads/33333333-3333-4333-8333-333333333333"),
    ("OPTIONS", "/api/uploads/tus"),
    ("POST", "/api/uploads/tus"),
    ("HEAD", "/api/uploads/tus/33333333-3333-4333-8333-333333333333"),
    ("PATCH", "/api/uploads/tus/33333333-3333-4333-8333-333333333333"),
    ("DELETE", "/api/uploads/tus/33333333-3333-4333-8333-333333333333"),
    ("GET", "/api/listens"),
    ("GET", "/api/listens/clock"),
    ("GET", "/api/listens/export"),
    ("DELETE", "/api/me"),
    ("GET", "/api/listens/overview"),
    ("GET", "/api/listens/top/artists"),
    ("GET", "/api/listens/timeline"),
    ("GET", "/api/listens/sources"),
    ("GET", "/api/listens/discoveries"),
    ("GET", "/api/listens/sessions"),
    ("GET", "/api/listens/habits"),
    ("GET", "/api/sample"),
]


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway() as running:
        yield running


def problem_in(response: httpx.Response) -> dict[str, Any]:
    """The document, after a look at what every one has."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["instance"] == response.request.url.path
    assert problem["requestId"] == response.headers["x-request-id"]
    assert problem["type"].startswith("urn:sluice:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer nonsense", "Basic YTpi", f"Token {token_for()}", f"Bearer {token_for(exp=1)}"],
)
async def test_without_a_token_that_is_one_nobody_is_let_in(gateway: RunningGateway, authorization: str) -> None:
    response = await gateway.client.get("/api/uploads", headers={"Authorization": authorization})
    assert (response.status_code, problem_in(response)["reason"]) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert gateway.coordinator.calls == []


async def test_every_route_wants_a_token(gateway: RunningGateway) -> None:
    del gateway.client.headers["Authorization"]
    for method, path in PROTECTED:
        response = await gateway.client.request(method, path, headers={"Tus-Resumable": "1.0.0"})
        assert response.status_code == 401, path
        if method != "HEAD":
            assert problem_in(response)["reason"] == "UNAUTHENTICATED", path
    assert gateway.coordinator.calls == []


async def test_no_route_without_a_person_is_forgotten_above(gateway: RunningGateway) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    protected = {
        (method.upper(), path.replace("{kind}", "artists").replace("{upload_id}", PROTECTED[3][1].split("/")[3]))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    hidden = {(method, path) for method, path in protected if path.startswith("/api/admin/")}
    assert protected - hidden == set(PROTECTED)


async def test_two_tokens_are_none(gateway: RunningGateway) -> None:
    headers = [("Authorization", f"Bearer {token_for()}")] * 2
    del gateway.client.headers["Authorization"]
    response = await gateway.client.get("/api/uploads", headers=headers)
    assert problem_in(response)["reason"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/api/uploads/", "/static/", "/static/nowhere.js", "/.env"])
async def test_an_address_with_nothing_behind_it_is_not_found(gateway: RunningGateway, path: str) -> None:
    response = await gateway.client.get(path)
    assert (response.status_code, problem_in(response)["reason"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/uploads"), ("GET", "/api/uploads/json"), ("POST", "/static/app.css"), ("POST", "/")],
)
async def test_a_method_that_is_not_taken_is_told(gateway: RunningGateway, method: str, path: str) -> None:
    response = await gateway.client.request(method, path)
    assert (response.status_code, problem_in(response)["reason"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"]


async def test_what_nobody_foresaw_is_an_incident_without_a_trace() -> None:
    app: FastAPI = create_app(settings_for("127.0.0.1:1"))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the inner secret")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        with capture_logs() as logs:
            response = await client.get("/broken")
    problem = problem_in(response)
    assert (response.status_code, problem["reason"]) == (500, "INTERNAL")
    assert problem["incident"] in [line.get("incident") for line in logs]
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", 503),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", 429),
    ],
)
async def test_where_waiting_helps_the_answer_says_how_long(
    gateway: RunningGateway, status: grpc.StatusCode, reason: str, expected: int
) -> None:
    refusal = Refusal(status, reason, "Come back.", retry_after_seconds=60)
    gateway.coordinator.refusals["ListUploads"] = [refusal]
    response = await gateway.client.get("/api/uploads")
    assert (response.status_code, problem_in(response)["reason"]) == (expected, reason)
    assert response.headers["retry-after"] == "60"


async def test_without_a_coordinator_one_is_asked_to_come_back() -> None:
    app = create_app(settings_for("127.0.0.1:1"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        response = await client.get("/api/uploads", headers=bearer(token_for()))
        assert (response.status_code, problem_in(response)["reason"]) == (503, "COORDINATOR_UNREACHABLE")
        assert int(response.headers["retry-after"]) >= 1
        assert "127.0.0.1" not in response.text
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        response = await client.get("/readyz")
        assert (response.status_code, problem_in(response)["reason"]) == (503, "NOT_READY")
    await app.state.connection.channel.close()


async def test_with_a_coordinator_it_is_ready(gateway: RunningGateway) -> None:
    assert (await gateway.client.get("/readyz")).json() == {"status": "ready"}


async def test_a_service_token_goes_along_with_every_call() -> None:
    async with running_gateway(service_token="the-token") as gateway:
        await gateway.client.get("/api/uploads")
        assert gateway.coordinator.tokens == {"Bearer the-token"}


@pytest.mark.parametrize(("given", "is_kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("", False)])
async def test_a_request_id_is_kept_where_it_is_one(gateway: RunningGateway, given: str, is_kept: bool) -> None:
    response = await gateway.client.get("/healthz", headers={"X-Request-Id": given})
    assert (response.headers["x-request-id"] == given) is is_kept
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/config.json", "/healthz", "/docs", "/openapi.json", "a script"])
async def test_every_answer_has_the_security_headers(gateway: RunningGateway, path: str) -> None:
    if path == "a script":
        (path,) = re.findall(r'<script[^>]* src="([^"]+)"', (await gateway.client.get("/")).text)
    response = await gateway.client.get(path)
    assert response.status_code == 200
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in response.headers
    assert "set-cookie" not in response.headers


async def test_a_body_is_not_taken_in_any_size_even_where_none_is_read(gateway: RunningGateway) -> None:
    response = await gateway.client.get("/healthz", headers={"Content-Length": "70000"})
    problem = problem_in(response)
    assert (response.status_code, problem["limit"], problem["value"]) == (413, 65_536, 70_000)


async def test_a_client_that_goes_away_in_the_middle_enqueues_nothing(gateway: RunningGateway) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n'
    messages = [
        {"type": "http.request", "body": head + b'[{"endTime"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"content-length", b"1000"),
        (b"authorization", f"Bearer {token_for()}".encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/uploads/json",
        "raw_path": b"/api/uploads/json",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
    }
    await gateway.app(scope, receive, send)
    assert messages == []
    assert sent[0]["status"] == 499
    assert gateway.coordinator.calls == []


async def test_a_client_that_is_refused_while_it_sends_can_read_why() -> None:
    async with listening_gateway(upload_bytes=1000) as (gateway, _):
        url = gateway.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        size = 8 * 1024 * 1024
        writer.write(
            f"POST /api/uploads/json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token_for()}\r\n"
            f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {size}\r\n\r\n".encode()
        )
        for _ in range(size // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n")
        assert answer.startswith(b"HTTP/1.1 413")
        writer.close()


async def test_a_token_of_a_hundred_kilobytes_is_a_401() -> None:
    async with listening_gateway() as (gateway, _):
        response = await gateway.client.get("/api/uploads", headers=bearer("x" * 100_000))
        assert problem_in(response)["reason"] == "UNAUTHENTICATED"
