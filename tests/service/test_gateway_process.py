"""The gateway as a process of its own, and as an application that somebody else serves."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result

from gateway.__main__ import main
from gateway.app import app
from protos.uploads.v1 import upload_pb2
from tests.service.fake_uploads import fake_coordinator
from tests.service.gateway_processes import peak_bytes, serving
from tests.service.running_gateway import ANNA, SECRET, bearer, token_for

MIB = 1024 * 1024


async def test_a_signal_ends_it_within_its_grace_though_a_stream_is_open() -> None:
    async with (
        fake_coordinator() as (coordinator, target),
        serving(SLUICE_COORDINATOR_TARGET=target, SLUICE_DRAIN_SECONDS="60") as (process, url),
        httpx.AsyncClient(base_url=url, headers=bearer(token_for())) as client,
    ):
        upload_id = coordinator.add_upload(ANNA, status=upload_pb2.UPLOAD_STATUS_PROCESSING)
        async with client.stream("GET", f"/api/uploads/{upload_id}/events") as response:
            lines = response.aiter_lines()  # to be kept: a stream whose reader is gone ends by itself
            await anext(lines)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_large_upload_does_not_make_the_process_large() -> None:
    history = b'[{"endTime": "2024-09-07 09:52", "artistName": "A", "trackName": "T", "msPlayed": 1}]'
    content = history + b" " * (40 * MIB)

    async with (
        fake_coordinator() as (_, target),
        serving(SLUICE_COORDINATOR_TARGET=target) as (process, url),
        httpx.AsyncClient(base_url=url, headers=bearer(token_for()), timeout=60) as client,
    ):
        assert (await client.get("/api/uploads")).status_code == 200
        before = peak_bytes(process)
        response = await client.post("/api/uploads/json", files={"files": ("a.json", content)})
        assert response.json()["totalFiles"] == 1
        assert peak_bytes(process) - before < 20 * MIB


@pytest.fixture
def run_main() -> Iterator[Callable[..., Result]]:
    """Runs the command in this process, where it must not get as far as to serve."""
    yield lambda **environment: CliRunner().invoke(main, [], env={"SUPABASE_JWT_SECRET": SECRET, **environment})
    structlog.reset_defaults()


def test_mistakes_of_the_environment_are_told_and_nothing_starts(run_main: Callable[..., Result]) -> None:
    result = run_main(SLUICE_HTTP_PORT="much", SLUICE_UPLOAD_FILES="0")
    assert result.exit_code == 2
    assert "SLUICE_HTTP_PORT" in result.output
    assert "SLUICE_UPLOAD_FILES" in result.output


def test_a_port_that_is_taken_is_told_in_a_sentence_and_warnings_before(
    run_main: Callable[..., Result],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run_main(SLUICE_HTTP_PORT=str(port), SUPABASE_SERVICE_ROLE_KEY="the-key")
    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in result.output
    assert "SUPABASE_SERVICE_ROLE_KEY" in result.output
    assert "the-key" not in result.output


@contextmanager
def coordinator_elsewhere() -> Iterator[str]:
    """A fake coordinator on a loop of its own, as another process would be; gives its address."""
    started, ended = threading.Event(), asyncio.Event()
    found: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with fake_coordinator() as (_, target):
            found.append(target)
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


def test_a_function_that_wakes_up_on_another_loop_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://function") as client:
            return (await client.get("/api/uploads", headers=bearer(token_for()))).status_code

    monkeypatch.setenv("SUPABASE_JWT_SECRET", SECRET)
    with coordinator_elsewhere() as target:
        monkeypatch.setenv("SLUICE_COORDINATOR_TARGET", target)
        assert [asyncio.run(ask()) for _ in range(3)] == [200, 200, 200]
