"""The page's files, what the page is told, signing in on the local stack, and the OpenAPI document."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi import FastAPI

from export_formats import open_archive
from gateway.pages import WEB_FOLDER, install_pages
from gateway.session import DEMO_OPERATOR, DEMO_USER
from gateway.settings import DEVELOPMENT_SECRET
from tests.service.running_gateway import BERT, RunningGateway, bearer, running_gateway

HOME: dict[str, Any] = {"SUPABASE_JWT_SECRET": DEVELOPMENT_SECRET}


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway(**HOME, demo_sign_in=True, sign_in_url="https://app.example/sign-in") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "filename"),
    [("/", "index.html"), ("/uploads/any", "upload.html"), ("/dashboard", "dashboard.html"), ("/admin", "admin.html")],
)
async def test_a_page_is_its_file(gateway: RunningGateway, path: str, filename: str) -> None:
    response = await gateway.client.get(path)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.content == (WEB_FOLDER / filename).read_bytes()
    assert (await gateway.client.head(path)).headers["etag"] == response.headers["etag"]


async def test_what_the_browser_has_is_not_sent_again(gateway: RunningGateway) -> None:
    first = await gateway.client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    again = await gateway.client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_a_page_loads_is_kept_for_a_year_under_a_name_of_its_content(gateway: RunningGateway) -> None:
    loaded = re.findall(r'(?:src|href)="([^"]+)"', (await gateway.client.get("/")).text)
    assert loaded
    for path in loaded:
        response = await gateway.client.get(path)
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable", path
        assert re.fullmatch(r"/static/[\w-]+-[\w-]{8}\.(js|css|svg)", path)
        kind = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
        assert response.headers["content-type"] == kind[path.rpartition(".")[2]]


async def test_files_of_text_travel_compressed_where_the_browser_takes_that(gateway: RunningGateway) -> None:
    (script,) = re.findall(r'<script[^>]* src="([^"]+)"', (await gateway.client.get("/")).text)
    for path, kind in (("/", "text/html; charset=utf-8"), (script, "text/javascript; charset=utf-8")):
        plain = await gateway.client.get(path, headers={"Accept-Encoding": "identity"})
        small = await gateway.client.get(path, headers={"Accept-Encoding": "br, gzip"})
        assert "content-encoding" not in plain.headers
        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < int(plain.headers["content-length"])
        assert small.content == plain.content
        assert small.headers["content-type"] == plain.headers["content-type"] == kind
        assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        again = {"Accept-Encoding": "gzip", "If-None-Match": small.headers["etag"]}
        assert (await gateway.client.get(path, headers=again)).status_code == 304
        assert small.headers["etag"] != plain.headers["etag"]


async def test_the_policy_needs_no_exception_for_the_pages(gateway: RunningGateway) -> None:
    for page in WEB_FOLDER.glob("*.html"):
        markup = page.read_text()
        assert re.findall(r"<script(?![^>]* src=)|<style|\bstyle=|\bon\w+=|javascript:", markup) == []
    policy = (await gateway.client.get("/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


async def test_where_the_pages_are_not_built_one_is_told_how_to(tmp_path: Path) -> None:
    async with running_gateway() as gateway:
        app = FastAPI()
        app.state.settings = gateway.app.state.settings
        install_pages(app, tmp_path / "dist")
        gateway.client._transport.app = app  # type: ignore[attr-defined]
        response = await gateway.client.get("/dashboard")
        assert (response.status_code, "make pages" in response.text) == (503, True)
        assert (await gateway.client.get("/config.json")).status_code == 200


async def test_nothing_outside_the_folder_is_served(gateway: RunningGateway) -> None:
    for path in (
        "/static/../index.html",
        "/static/..%2fsettings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static/..%5csettings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/a%00.js",
        "/static/" + "a" * 300,
        "/static/../../package.json",
    ):
        request = gateway.client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())
        assert (await gateway.client.send(request)).status_code == 404, path


async def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    web = tmp_path / "web"
    (web / "static").mkdir(parents=True)
    (tmp_path / "secret.js").write_text("secret")
    (web / "static" / "link.js").symlink_to(tmp_path / "secret.js")
    async with running_gateway() as gateway:
        app = FastAPI()
        app.state.settings = gateway.app.state.settings
        install_pages(app, web)
        gateway.client._transport.app = app  # type: ignore[attr-defined]
        assert (await gateway.client.get("/static/link.js")).status_code == 404


async def test_the_page_is_told_what_it_needs(gateway: RunningGateway) -> None:
    assert (await gateway.client.get("/config.json")).json() == {
        "demoSignIn": True,
        "signInUrl": "https://app.example/sign-in",
        "limits": {"files": 200, "fileBytes": 104_857_600, "uploadBytes": 536_870_912},
    }


async def test_the_sample_is_an_archive_of_histories_for_whoever_is_signed_in(gateway: RunningGateway) -> None:
    assert (await gateway.client.get("/api/sample", headers={"Authorization": ""})).status_code == 401
    session = (await gateway.client.post("/api/session/demo")).json()
    response = await gateway.client.get("/api/sample", headers=bearer(session["accessToken"]))
    assert response.headers["content-type"] == "application/zip"
    sample = open_archive(io.BytesIO(response.content))
    assert {member.format for member in sample.members} >= {"extended", "account_music"}


async def test_the_demo_user_can_sign_in_and_be_let_in(gateway: RunningGateway) -> None:
    session = (await gateway.client.post("/api/session/demo")).json()
    assert session["userId"] == str(DEMO_USER)
    claims = jwt.decode(session["accessToken"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == session["expiresIn"]
    response = await gateway.client.get("/api/uploads", headers=bearer(session["accessToken"]))
    assert response.status_code == 200
    [request] = gateway.coordinator.requests_of("ListUploads")
    assert request.owner == str(DEMO_USER)


async def test_another_user_can_be_named(gateway: RunningGateway) -> None:
    session = (await gateway.client.post("/api/session/demo", json={"user": BERT})).json()
    assert session["userId"] == BERT
    assert jwt.decode(session["accessToken"], options={"verify_signature": False})["sub"] == BERT


async def test_the_demo_operator_can_sign_in_and_nobody_else_becomes_one(gateway: RunningGateway) -> None:
    session = (await gateway.client.post("/api/session/demo", json={"operator": True})).json()
    assert session["userId"] == str(DEMO_OPERATOR)
    claims = jwt.decode(session["accessToken"], options={"verify_signature": False})
    assert claims["app_metadata"] == {"sluice_role": "operator"}
    listener = (await gateway.client.post("/api/session/demo")).json()
    assert "app_metadata" not in jwt.decode(listener["accessToken"], options={"verify_signature": False})


@pytest.mark.parametrize("body", [b"{", b'{"user": "anna"}', b"[]", b'{"user": 1}', b"[" * 60_000])
async def test_a_wish_that_cannot_be_read_is_refused(gateway: RunningGateway, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await gateway.client.post("/api/session/demo", content=body, headers=headers)
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_wish_of_any_length_is_not_read(gateway: RunningGateway) -> None:
    response = await gateway.client.post("/api/session/demo", json={"user": "x" * 70_000})
    problem = response.json()
    assert (response.status_code, problem["limit"]) == (413, 65536)
    assert problem["value"] > 70_000


async def test_elsewhere_nobody_signs_in_without_an_account() -> None:
    async with running_gateway(**HOME) as gateway:
        assert (await gateway.client.post("/api/session/demo")).status_code == 404
        assert (await gateway.client.get("/config.json")).json()["demoSignIn"] is False


async def test_the_document_describes_every_route_with_its_problems(gateway: RunningGateway) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    assert {path for path in document["paths"] if not path.startswith("/api/admin/")} == {
        "/api/uploads/json",
        "/api/uploads/zip",
        "/api/uploads",
        "/api/uploads/{upload_id}/status",
        "/api/uploads/{upload_id}/events",
        "/api/uploads/{upload_id}/retry",
        "/api/uploads/{upload_id}/cancel",
        "/api/uploads/{upload_id}",
        "/api/uploads/tus",
        "/api/uploads/tus/{upload_id}",
        "/api/listens",
        "/api/listens/clock",
        "/api/listens/discoveries",
        "/api/listens/sessions",
        "/api/listens/habits",
        "/api/listens/export",
        "/api/listens/overview",
        "/api/listens/sources",
        "/api/listens/top/{kind}",
        "/api/listens/timeline",
        "/api/me",
        "/api/sample",
        "/api/session/demo",
        "/config.json",
        "/healthz",
        "/readyz",
    }
    answers = [
        (status, response)
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
    ]
    assert all(
        list(response["content"]) == ["application/problem+json"] for status, response in answers if status >= "4"
    )
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    form = document["paths"]["/api/uploads/json"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["properties"]["files"]["type"] == "array"


async def test_the_docs_page_shows_every_route_and_loads_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    page = (await gateway.client.get("/docs")).text
    document = (await gateway.client.get("/openapi.json")).json()
    assert all(path in page for path in document["paths"])
    assert "://" not in page
    assert "<script" not in page
    assert "style=" not in page
    assert (await gateway.client.get("/docs.css")).headers["content-type"].startswith("text/css")


async def test_the_docs_can_be_switched_off() -> None:
    async with running_gateway(docs=False) as gateway:
        assert (await gateway.client.get("/docs")).status_code == 404
        assert (await gateway.client.get("/openapi.json")).status_code == 404
