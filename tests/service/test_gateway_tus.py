"""tus 1.0 before a real coordinator: each verb, its headers and its refusals."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import grpc.aio
import psycopg
import pytest

from protos.uploads.v1.upload_service_pb2 import AppendFileRequest
from tests.database.stores import Clock
from tests.service.claim_stream import claim_stream
from tests.service.conftest import StartCoordinator
from tests.service.running_gateway import ANNA, BERT
from tests.service.tus_calls import PIECE, TUS, TUS_PATH, TusPerson, encoded, id_of, tus_person
from tests.service.uploading import INGEST, one_lease, read_payload, stub

MIB = 1024 * 1024
DAY = 24 * 3600


@pytest.fixture
async def port(start_coordinator: StartCoordinator) -> int:
    return (await start_coordinator()).port


@pytest.fixture
async def anna(port: int) -> AsyncIterator[TusPerson]:
    async with tus_person(port) as person:
        yield person


@pytest.fixture
async def channel(port: int) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened


async def stored_bytes(channel: grpc.aio.Channel) -> bytes:
    """What a worker is given of the only upload that waits."""
    async with claim_stream(channel, "ingest", INGEST) as stream:
        return await read_payload(channel, await one_lease(stream))


async def test_options_tell_version_extensions_and_limits(anna: TusPerson) -> None:
    response = await anna.client.options(TUS_PATH)
    assert response.status_code == 204
    told = response.headers
    assert (told["tus-resumable"], told["tus-version"]) == ("1.0.0", "1.0.0")
    assert told["tus-extension"] == "creation,expiration,checksum,termination"
    assert told["tus-checksum-algorithm"] == "sha1,sha256,md5"
    assert told["tus-max-size"] == str(512 * MIB)


async def test_an_upload_comes_in_piece_by_piece_and_a_worker_gets_it_whole(
    anna: TusPerson, channel: grpc.aio.Channel
) -> None:
    content = bytes(range(256)) * 12_000
    location = await anna.begin(len(content))
    assert location == f"{TUS_PATH}/{id_of(location)}"
    offset = 0
    for size in (1, 100_000, 0, 2 * MIB, len(content)):
        piece = content[offset : offset + size]
        response = await anna.patch(location, offset, piece)
        offset += len(piece)
        assert response.status_code == 204
        assert response.headers["upload-offset"] == str(offset)
        assert response.headers["tus-resumable"] == "1.0.0"
        assert ("upload-expires" in response.headers) == (offset < len(content))
        assert await anna.offset(location) == offset
    status = await anna.status(location)
    assert (status["status"], status["filename"], status["totalFiles"]) == ("unpacking", "my.zip", None)
    assert await stored_bytes(channel) == content


async def test_a_new_upload_tells_where_and_until_when(anna: TusPerson) -> None:
    response = await anna.post(10)
    assert response.status_code == 201
    expires = parsedate_to_datetime(response.headers["upload-expires"])
    assert DAY - 60 < (expires - datetime.now(UTC)).total_seconds() <= DAY
    assert response.headers["tus-resumable"] == "1.0.0"
    assert response.content == b""


async def test_head_tells_everything_and_is_kept_by_nobody(anna: TusPerson) -> None:
    location = await anna.begin(10, "Meine Übersicht.zip")
    await anna.patch(location, 0, b"1234")
    response = await anna.head(location)
    assert response.status_code == 200
    told = response.headers
    assert (told["upload-offset"], told["upload-length"], told["cache-control"]) == ("4", "10", "no-store")
    assert told["upload-metadata"] == f"filename {encoded('Meine Übersicht.zip')}"
    assert parsedate_to_datetime(told["upload-expires"]) > datetime.now(UTC)


async def test_the_status_of_an_upload_that_comes_in_tells_its_bytes(anna: TusPerson) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    status = await anna.status(location)
    assert (status["status"], status["totalFiles"], status["processedFiles"]) == ("uploading", None, 0)
    assert (status["receivedBytes"], status["expectedBytes"]) == (4, 10)
    [listed] = (await anna.client.get("/api/uploads")).json()["items"]
    assert (listed["id"], listed["status"], listed["receivedBytes"]) == (id_of(location), "uploading", 4)


@pytest.mark.parametrize(
    ("metadata", "filename"),
    [
        (None, "upload"),
        ("", "upload"),
        ("filename", "upload"),
        (f"filename {encoded('../../a.zip')},filetype {encoded('application/zip')}", "a.zip"),
        (f"other, filename {encoded('b.json')}", "b.json"),
        (f"filename {base64.b64encode(bytes([255])).decode()}", "\ufffd"),
        (f"filename {encoded('x' * 300)}", "x" * 255),
    ],
)
async def test_the_filename_is_kept_as_it_can_be_shown(anna: TusPerson, metadata: str | None, filename: str) -> None:
    headers = {} if metadata is None else {"Upload-Metadata": metadata}
    location = await anna.begin(10, None, **headers)
    assert (await anna.status(location))["filename"] == filename


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Upload-Length": "many"}, "Upload-Length"),
        ({"Upload-Length": "-1"}, "Upload-Length"),
        ({"Upload-Length": "1.5"}, "Upload-Length"),
        ({"Upload-Length": "9" * 500}, "Upload-Length"),
        ({"Upload-Length": "0"}, "Upload-Length"),
        ({"Upload-Metadata": "filename ***"}, "Upload-Metadata"),
        ({"Upload-Metadata": "a YQ==,a YQ=="}, "Upload-Metadata"),
        ({"Upload-Metadata": ",,"}, "Upload-Metadata"),
        ({"Upload-Metadata": f"a {'A' * 8200}"}, "Upload-Metadata"),
        ({"Idempotency-Key": "with blank"}, "Idempotency-Key"),
    ],
)
async def test_a_creation_that_cannot_be_read_is_refused(anna: TusPerson, headers: dict[str, str], field: str) -> None:
    response = await anna.post(10, None, **headers)
    assert (response.status_code, response.json()["field"]) == (400, field)
    assert (await anna.client.get("/api/uploads")).json()["items"] == []


async def test_a_creation_has_to_tell_its_length(anna: TusPerson) -> None:
    response = await anna.client.post(TUS_PATH, headers=TUS)
    assert (response.status_code, response.json()["field"]) == (400, "Upload-Length")


async def test_a_length_above_the_limit_is_refused_with_limit_and_value(port: int) -> None:
    async with tus_person(port, upload_bytes=100) as person:
        response = await person.post(101)
        problem = response.json()
        assert (response.status_code, problem["reason"]) == (413, "PAYLOAD_TOO_LARGE")
        assert (problem["limit"], problem["value"]) == (100, 101)
        await person.begin(100)


async def test_a_lower_limit_of_the_coordinator_is_told_as_well(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(upload_bytes=100)
    async with tus_person(coordinator.port) as person:
        response = await person.post(101)
        problem = response.json()
        assert (response.status_code, problem["limit"], problem["field"]) == (413, 100, "Upload-Length")


async def test_the_same_key_gives_the_first_upload(anna: TusPerson) -> None:
    first = await anna.begin(10, **{"Idempotency-Key": "k"})
    await anna.patch(first, 0, b"1234")
    assert await anna.begin(10, **{"Idempotency-Key": "k"}) == first
    assert await anna.begin(10) != first
    response = await anna.post(11, **{"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["reason"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("version", [{}, {"Tus-Resumable": "0.2.2"}])
async def test_another_version_is_refused_and_ours_is_told(anna: TusPerson, version: dict[str, str]) -> None:
    location = await anna.begin(10)
    offset = {"Upload-Offset": "0"}
    for response in (
        await anna.client.post(TUS_PATH, headers={**version, "Upload-Length": "10"}),
        await anna.client.patch(location, content=b"x", headers={**version, **PIECE, **offset}),
        await anna.client.delete(location, headers=version),
    ):
        assert (response.status_code, response.json()["reason"]) == (412, "TUS_VERSION_UNSUPPORTED")
        assert (response.headers["tus-version"], response.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    assert (await anna.client.head(location, headers=version)).status_code == 412
    assert await anna.offset(location) == 0


@pytest.mark.parametrize("offset", [0, 3, 5, 10])
async def test_a_piece_that_does_not_go_on_from_there_is_a_conflict(anna: TusPerson, offset: int) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    response = await anna.patch(location, offset, b"x")
    problem = response.json()
    assert (response.status_code, problem["reason"]) == (409, "OFFSET_CONFLICT")
    assert (response.headers["upload-offset"], problem["limit"], problem["value"]) == ("4", 4, offset)
    assert await anna.offset(location) == 4


@pytest.mark.parametrize("offset", ["", "-1", "x", "9" * 400])
async def test_an_offset_that_is_no_number_is_refused(anna: TusPerson, offset: str) -> None:
    response = await anna.patch(await anna.begin(10), offset, b"x")
    assert (response.status_code, response.json()["field"]) == (400, "Upload-Offset")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_a_piece_of_another_type_is_refused(anna: TusPerson, headers: dict[str, str]) -> None:
    location = await anna.begin(10)
    response = await anna.patch(location, 0, b"x", **headers)
    assert (response.status_code, response.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await anna.offset(location) == 0


async def test_more_bytes_than_the_upload_has_are_refused(anna: TusPerson) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    announced = await anna.patch(location, 4, b"567890+")
    problem = announced.json()
    assert (announced.status_code, problem["limit"], problem["value"]) == (413, 10, 11)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"567"
        yield b"890+"

    assert (await anna.patch(location, 4, pieces())).status_code == 413
    assert await anna.offset(location) == 4
    assert (await anna.patch(location, 4, b"567890")).status_code == 204


async def test_a_body_without_an_announced_length_is_taken(anna: TusPerson) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(10):
            yield b"%d" % number

    location = await anna.begin(10)
    assert (await anna.patch(location, 0, pieces())).headers["upload-offset"] == "10"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
async def test_a_piece_is_held_against_its_checksum(anna: TusPerson, channel: grpc.aio.Channel, algorithm: str) -> None:
    content = bytes(range(256)) * 10_000
    location = await anna.begin(len(content))
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    response = await anna.patch(location, 0, content, **{"Upload-Checksum": f"{algorithm} {digest}"})
    assert (response.status_code, response.headers["upload-offset"]) == (204, str(len(content)))
    assert await stored_bytes(channel) == content


async def test_of_a_piece_with_another_checksum_nothing_is_kept(anna: TusPerson, owner_url: str) -> None:
    location = await anna.begin(3 * MIB)
    digest = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    response = await anna.patch(location, 0, b"x" * (2 * MIB), **{"Upload-Checksum": f"sha1 {digest}"})
    assert (response.status_code, response.json()["reason"]) == (460, "CHECKSUM_MISMATCH")
    assert await anna.offset(location) == 0
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM upload_file_chunks").fetchone() == (0,)


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1", "sha1 ***", "sha1 AAAA", ""])
async def test_a_checksum_that_is_none_is_refused(anna: TusPerson, checksum: str) -> None:
    location = await anna.begin(10)
    response = await anna.patch(location, 0, b"x", **{"Upload-Checksum": checksum})
    assert (response.status_code, response.json()["field"]) == (400, "Upload-Checksum")
    assert await anna.offset(location) == 0


async def test_an_upload_that_was_ended_is_gone(anna: TusPerson) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    assert (await anna.delete(location)).status_code == 204
    assert (await anna.head(location)).status_code == 404
    assert (await anna.patch(location, 4, b"567890")).status_code == 404
    assert (await anna.delete(location)).status_code == 404


async def test_an_upload_that_came_in_is_not_ended_but_refused_with_the_way(anna: TusPerson) -> None:
    location = await anna.begin(4)
    await anna.patch(location, 0, b"1234")
    for response in (await anna.delete(location), await anna.client.delete(f"/api/uploads/{id_of(location)}")):
        problem = response.json()
        assert (response.status_code, problem["reason"], problem["state"]) == (409, "UPLOAD_IN_USE", "under_way")
        assert "cancel it first" in problem["detail"]
    cancelled = await anna.client.post(f"/api/uploads/{id_of(location)}/cancel")
    assert (cancelled.status_code, cancelled.json()) == (200, {"cancelledFiles": 1, "keptPlays": 0})
    assert (await anna.status(location))["status"] == "cancelled"
    assert (await anna.client.delete(f"/api/uploads/{id_of(location)}")).status_code == 204
    assert (await anna.client.get("/api/uploads")).json()["items"] == []


async def test_an_upload_that_was_cancelled_on_its_way_takes_no_more(anna: TusPerson) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    assert (await anna.client.post(f"/api/uploads/{id_of(location)}/cancel")).status_code == 200
    assert (await anna.head(location)).status_code == 410
    assert (await anna.patch(location, 4, b"567890")).status_code == 410
    assert (await anna.delete(location)).status_code == 204


async def test_an_upload_whose_time_is_over_is_gone(anna: TusPerson, clock: Clock) -> None:
    location = await anna.begin(10)
    await anna.patch(location, 0, b"1234")
    clock.push(DAY + 1)
    assert (await anna.head(location)).status_code == 410
    response = await anna.patch(location, 4, b"567890")
    assert (response.status_code, response.json()["reason"]) == (410, "CONTENT_EXPIRED")
    assert (await anna.delete(location)).status_code == 204


@pytest.fixture
def clock(owner_url: str, port: int) -> Clock:
    """The database's time, which stands still until it is pushed."""
    return Clock(owner_url)


async def test_another_persons_upload_is_not_found(anna: TusPerson, port: int) -> None:
    location = await anna.begin(10)
    nowhere = f"{TUS_PATH}/33333333-3333-4333-8333-333333333333"
    async with tus_person(port, BERT) as bert:
        for place in (location, nowhere, f"{TUS_PATH}/nothing"):
            assert (await bert.head(place)).status_code == 404
            assert (await bert.patch(place, 0, b"x")).status_code == 404
            assert (await bert.delete(place)).status_code == 404
        assert (await bert.client.delete(f"/api/uploads/{id_of(location)}")).status_code == 404
        assert (await bert.client.post(f"/api/uploads/{id_of(location)}/cancel")).status_code == 404
    assert await anna.offset(location) == 0


async def test_an_upload_that_was_not_begun_in_pieces_takes_none(anna: TusPerson) -> None:
    form = {"files": ("a.json", b"[]")}
    upload_id = (await anna.client.post("/api/uploads/json", files=form)).json()["uploadJobId"]
    assert (await anna.head(f"{TUS_PATH}/{upload_id}")).status_code == 404
    assert (await anna.patch(f"{TUS_PATH}/{upload_id}", 2, b"x")).status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_method_may_come_as_a_post_that_names_it(anna: TusPerson, method: str) -> None:
    location = await anna.begin(10)
    headers = {**TUS, **PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": method}
    assert (await anna.client.post(location, content=b"1234", headers=headers)).status_code == 204
    assert (await anna.head(location)).status_code == (200 if method == "PATCH" else 404)


async def test_an_upload_that_is_whole_and_waits_for_nobody_is_enqueued_by_a_head(
    anna: TusPerson, channel: grpc.aio.Channel
) -> None:
    location = await anna.begin(4)
    # As a gateway leaves it that was killed between the last byte and the enqueue.
    chunk = AppendFileRequest(owner=ANNA, upload_id=id_of(location), filename="my.zip", archive=True, content=b"1234")
    await stub(channel).AppendFile(chunk)
    assert (await anna.status(location))["status"] == "uploading"
    assert await anna.offset(location) == 4
    assert (await anna.status(location))["status"] == "unpacking"
    assert await anna.offset(location) == 4, "a second time nothing is made"
    assert await stored_bytes(channel) == b"1234"


async def test_two_who_send_other_bytes_at_once_leave_the_bytes_of_one(
    anna: TusPerson, channel: grpc.aio.Channel
) -> None:
    contents = [bytes([letter]) * (5 * MIB) for letter in b"ab"]
    location = await anna.begin(5 * MIB)
    answers = await asyncio.gather(*(anna.patch(location, 0, content) for content in contents))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert await stored_bytes(channel) in contents


async def test_two_who_send_the_same_bytes_at_once_leave_them_once(anna: TusPerson, channel: grpc.aio.Channel) -> None:
    content = bytes(range(256)) * 4 * 5 * 1024
    location = await anna.begin(len(content))
    answers: list[Any] = await asyncio.gather(*(anna.patch(location, 0, content) for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {204, 409}
    assert await stored_bytes(channel) == content
