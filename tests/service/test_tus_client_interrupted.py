"""A real client of the tus protocol whose gateway is killed while it uploads."""

import asyncio
import json
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio

from tests.service.claim_stream import claim_stream
from tests.service.conftest import StartCoordinator
from tests.service.gateway_processes import serving
from tests.service.running_gateway import token_for
from tests.service.uploading import INGEST, one_lease, read_payload
from tests.tus_client import installed

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * 4 * 1024 * 12


@asynccontextmanager
async def uploading(url: str, path: Path) -> AsyncIterator[Process]:
    """Runs the client as a process of its own."""
    token = token_for(exp=4_000_000_000)
    command = await asyncio.to_thread(
        installed.command, endpoint=f"{url}/api/uploads/tus", token=token, path=str(path), pieceBytes=2 * MIB
    )
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def event(process: Process) -> dict[str, Any]:
    """What the client tells next; nothing where it has ended."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    told: dict[str, Any] = json.loads(line or "{}")
    return told


async def test_a_client_goes_on_by_itself_when_its_gateway_was_killed_and_another_has_come(
    start_coordinator: StartCoordinator, tmp_path: Path
) -> None:
    path = tmp_path / "my.zip"
    path.write_bytes(CONTENT)
    target = f"127.0.0.1:{(await start_coordinator()).port}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    settings = {"SLUICE_COORDINATOR_TARGET": target, "SLUICE_HTTP_PORT": port}
    async with serving(**settings) as (gateway, url), uploading(url, path) as client:
        await event(client)
        assert (await event(client))["accepted"] == 2 * MIB
        gateway.kill()
        await gateway.wait()
        async with serving(**settings):
            while "done" not in (told := await event(client)):
                assert told, "it has given up"
                assert "error" not in told, told
            assert await client.wait() == 0
    async with grpc.aio.insecure_channel(target) as channel, claim_stream(channel, "ingest", INGEST) as stream:
        assert await read_payload(channel, await one_lease(stream)) == CONTENT
