"""Uploads that go on though a gateway was killed or a connection was lost, each time at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import grpc.aio
import httpx
import pytest

from tests.service.claim_stream import claim_stream
from tests.service.conftest import StartCoordinator
from tests.service.gateway_processes import peak_bytes, serving
from tests.service.running_gateway import ANNA, bearer, token_for
from tests.service.tus_calls import TusPerson, id_of
from tests.service.uploading import INGEST, incoming, one_lease, read_payload
from tests.waiting import eventually

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * 4 * 1024 * 6


@pytest.fixture
async def target(start_coordinator: StartCoordinator) -> str:
    return f"127.0.0.1:{(await start_coordinator()).port}"


@pytest.fixture
async def channel(target: str) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(target) as opened:
        yield opened


@asynccontextmanager
async def anna_at(url: str) -> AsyncIterator[TusPerson]:
    async with httpx.AsyncClient(base_url=url, headers=bearer(token_for()), timeout=60) as client:
        yield TusPerson(client)


async def begin_piece(url: str, location: str, offset: int, announced: int, sent: bytes) -> asyncio.StreamWriter:
    """Sends the beginning of a piece on a connection of its own, and leaves the rest to come."""
    address = urlsplit(url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token_for()}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: {offset}\r\nContent-Length: {announced}\r\n\r\n"
    )
    writer.write(head.encode() + sent)
    await writer.drain()
    return writer


async def stored_bytes(channel: grpc.aio.Channel) -> bytes:
    async with claim_stream(channel, "ingest", INGEST) as stream:
        return await read_payload(channel, await one_lease(stream))


async def until_stored(channel: grpc.aio.Channel, location: str, size: int) -> None:
    async def is_stored() -> bool:
        return (await incoming(channel, ANNA, id_of(location))).size == size

    await eventually(is_stored, 30)


async def test_an_upload_goes_on_at_another_gateway_when_the_first_was_killed_between_two_pieces(
    target: str, channel: grpc.aio.Channel
) -> None:
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (process, url), anna_at(url) as anna:
        location = await anna.begin(len(CONTENT))
        assert (await anna.patch(location, 0, CONTENT[: 2 * MIB])).status_code == 204
        process.kill()
        await process.wait()
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (_, url), anna_at(url) as anna:
        assert await anna.offset(location) == 2 * MIB
        assert (await anna.patch(location, 2 * MIB, CONTENT[2 * MIB :])).status_code == 204
        assert (await anna.status(location))["status"] == "unpacking"
    assert await stored_bytes(channel) == CONTENT


async def test_of_a_piece_during_which_the_gateway_was_killed_the_stored_part_is_kept(
    target: str, channel: grpc.aio.Channel
) -> None:
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (process, url), anna_at(url) as anna:
        location = await anna.begin(len(CONTENT))
        sent = CONTENT[: 2 * MIB + 5_000]
        writer = await begin_piece(url, location, 0, len(CONTENT), sent)
        await until_stored(channel, location, 2 * MIB)
        process.kill()
        await process.wait()
        writer.close()
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (_, url), anna_at(url) as anna:
        assert await anna.offset(location) == 2 * MIB
        assert (await anna.patch(location, 2 * MIB, CONTENT[2 * MIB :])).status_code == 204
    assert await stored_bytes(channel) == CONTENT


async def test_of_a_piece_whose_connection_was_lost_every_byte_is_kept_that_came(
    target: str, channel: grpc.aio.Channel
) -> None:
    came = 2 * MIB + 5_000
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (_, url), anna_at(url) as anna:
        location = await anna.begin(len(CONTENT))
        writer = await begin_piece(url, location, 0, len(CONTENT), CONTENT[:came])
        await until_stored(channel, location, 2 * MIB)
        writer.close()
        await until_stored(channel, location, came)
        assert await anna.offset(location) == came
        assert (await anna.patch(location, came, CONTENT[came:])).status_code == 204
    assert await stored_bytes(channel) == CONTENT


async def test_a_piece_that_somebody_thought_lost_cannot_spoil_what_came_after_it(
    target: str, channel: grpc.aio.Channel
) -> None:
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (_, url), anna_at(url) as anna:
        location = await anna.begin(len(CONTENT))
        late = await begin_piece(url, location, 0, len(CONTENT), b"x" * 5_000)
        assert (await anna.patch(location, 0, CONTENT[: 3 * MIB])).status_code == 204
        with suppress(ConnectionError):  # it may be refused before all of it came
            late.write(b"x" * (len(CONTENT) - 5_000))
            await late.drain()
        assert await anna.offset(location) == 3 * MIB
        assert (await anna.patch(location, 3 * MIB, CONTENT[3 * MIB :])).status_code == 204
        late.close()
    assert await stored_bytes(channel) == CONTENT


async def test_a_large_piece_does_not_make_the_process_large(target: str) -> None:
    async with serving(SLUICE_COORDINATOR_TARGET=target) as (process, url), anna_at(url) as anna:
        location = await anna.begin(64 * MIB)
        await anna.patch(location, 0, b"x")
        before = peak_bytes(process)
        assert (await anna.patch(location, 1, bytes(40 * MIB))).status_code == 204
        assert peak_bytes(process) - before < 20 * MIB
