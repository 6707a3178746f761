"""Requests that come compressed as a whole: taken as if they had come plain, and within the same limits."""

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.service.running_gateway import RunningGateway, running_gateway

MIB = 1024 * 1024
HISTORY = b'[{"endTime": "2024-09-07 09:52", "artistName": "A", "trackName": "T", "msPlayed": 1000}]'
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway(file_bytes=3 * MIB, upload_bytes=5 * MIB, zip_wait_seconds=0) as running:
        yield running


def form(*files: bytes, field: str = "files") -> bytes:
    """A form with files a.json, b.json and so on, as a browser writes it."""
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%b"; filename="%c.json"\r\n\r\n%b\r\n'
        % (field.encode(), ord("a") + place, content)
        for place, content in enumerate(files)
    ]
    return b"".join(parts) + b"--b--\r\n"


async def post(gateway: RunningGateway, body: bytes, encoding: str = "gzip", **headers: str) -> httpx.Response:
    sent = {**FORM, "Content-Encoding": encoding, **headers}
    return await gateway.client.post("/api/uploads/json", content=body, headers=sent)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_a_form_that_was_compressed_is_taken_as_it_was(gateway: RunningGateway, encoding: str) -> None:
    large = HISTORY + b" " * (2 * MIB)
    response = await post(gateway, gzip.compress(form(HISTORY, gzip.compress(HISTORY), large)), encoding)
    assert response.status_code == 202
    assert gateway.coordinator.contents[response.json()["uploadJobId"]] == {0: HISTORY, 1: HISTORY, 2: large}


async def test_an_archive_in_a_compressed_form_is_stored_as_it_was(gateway: RunningGateway) -> None:
    archive = b"PK\x03\x04 and so on"
    sent = FORM | {"Content-Encoding": "gzip"}
    body = gzip.compress(form(archive, field="file"))
    response = await gateway.client.post("/api/uploads/zip", content=body, headers=sent)
    assert response.status_code == 202
    assert gateway.coordinator.contents[response.json()["uploadJobId"]] == {0: archive}


async def test_the_idempotency_key_does_not_care_for_the_compression(gateway: RunningGateway) -> None:
    key = {"Idempotency-Key": "k"}
    plain = await gateway.client.post("/api/uploads/json", content=form(HISTORY), headers=FORM | key)
    assert (await post(gateway, gzip.compress(form(HISTORY)), **key)).json() == plain.json()


async def test_bytes_are_counted_as_they_come_out(gateway: RunningGateway) -> None:
    response = await post(gateway, gzip.compress(form(HISTORY, b" " * (40 * MIB))))
    problem = response.json()
    assert (response.status_code, problem["reason"], problem["limit"]) == (413, "PAYLOAD_TOO_LARGE", 6 * MIB)
    assert 6 * MIB < problem["value"] <= 7 * MIB, "nothing is inflated beyond the limit"
    assert gateway.coordinator.calls == []


async def test_a_file_in_a_compressed_form_has_the_limit_of_a_file(gateway: RunningGateway) -> None:
    response = await post(gateway, gzip.compress(form(HISTORY, HISTORY + b" " * (3 * MIB))))
    [error] = response.json()["errors"]
    assert (error["filename"], error["reason"]) == ("b.json", "TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip at all",
        b"",
        zlib.compress(form(HISTORY)),
        gzip.compress(form(HISTORY), mtime=0)[:-9],
        gzip.compress(form(HISTORY), mtime=0)[:-8] + b"\0" * 8,
    ],
)
async def test_a_body_that_is_no_gzip_is_refused(gateway: RunningGateway, body: bytes) -> None:
    response = await post(gateway, body)
    assert (response.status_code, response.json()["reason"]) == (400, "MALFORMED_BODY")
    assert gateway.coordinator.calls == []


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "nonsense"])
async def test_another_encoding_is_refused_and_those_that_are_taken_are_told(
    gateway: RunningGateway, encoding: str
) -> None:
    response = await post(gateway, form(HISTORY), encoding)
    assert (response.status_code, response.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "gzip, identity"
