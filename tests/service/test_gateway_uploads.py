"""Export files into the gateway: what is passed on, what is refused, and what is answered."""

import gzip
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import grpc
import httpx
import pytest

from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, RunningGateway, running_gateway

ROW = {"endTime": "2024-09-07 09:52", "artistName": "A", "trackName": "T", "msPlayed": 1000}
HISTORY = json.dumps([ROW]).encode()
MIB = 1024 * 1024

File = tuple[str, bytes]


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway(upload_files=5, file_bytes=3 * MIB, upload_bytes=5 * MIB) as running:
        yield running


async def post(gateway: RunningGateway, *files: File, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    form = [("files", file) for file in files]
    return await gateway.client.post("/api/uploads/json", files=form, headers=headers)


def history_of(size: int) -> bytes:
    """A history of exactly so many bytes."""
    row = json.dumps(ROW).encode()
    rows = b"[" + b",".join([row] * ((size - 2) // (len(row) + 1))) + b"]"
    return rows + b" " * (size - len(rows))


async def test_a_file_is_stored_and_enqueued_for_its_owner(gateway: RunningGateway) -> None:
    response = await post(gateway, ("endsong_0.json", HISTORY))
    assert response.status_code == 202
    answer = response.json()
    upload_id = answer.pop("uploadJobId")
    assert answer == {
        "totalFiles": 1,
        "skippedFiles": 0,
        "errors": [],
        "message": "1 file waits for a worker.",
        "status": "pending",
    }
    assert gateway.coordinator.contents[upload_id] == {0: HISTORY}
    assert {request.owner for _, request in gateway.coordinator.calls} == {ANNA}
    assert gateway.coordinator.uploads[upload_id].filename == "endsong_0.json"


async def test_a_large_file_goes_on_in_chunks_of_at_most_one_mebibyte(gateway: RunningGateway) -> None:
    content = history_of(2 * MIB + 17)
    upload_id = (await post(gateway, ("big.json", content))).json()["uploadJobId"]
    chunks = gateway.coordinator.requests_of("AppendFile")
    assert [(chunk.offset, len(chunk.content)) for chunk in chunks] == [(0, MIB), (MIB, MIB), (2 * MIB, 17)]
    assert gateway.coordinator.contents[upload_id][0] == content


async def test_files_keep_their_order_and_compressed_ones_are_decompressed(gateway: RunningGateway) -> None:
    second = history_of(2 * MIB)
    response = await post(gateway, ("a.json", HISTORY), ("b.json.gz", gzip.compress(second)), ("c.json", b"[]"))
    assert response.json()["totalFiles"] == 3
    contents = gateway.coordinator.contents[response.json()["uploadJobId"]]
    assert contents == {0: HISTORY, 1: second, 2: b"[]"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY_FILE"),
        (b"\n", "EMPTY_FILE"),
        (b"hello", "NOT_JSON"),
        (b'{"a": 1}', "NOT_A_HISTORY"),
        (b'[{"a": 1}]', "NOT_A_HISTORY"),
        (b"\x1f\x8b nonsense", "GZIP_BROKEN"),
        (gzip.compress(HISTORY, mtime=0)[:-9], "GZIP_BROKEN"),
        (b"PK\x03\x04 and so on", "IS_AN_ARCHIVE"),
        (history_of(3 * MIB + 1), "TOO_LARGE"),
        (gzip.compress(history_of(3 * MIB + 1), mtime=0), "TOO_LARGE"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_and_the_others_go_on(
    gateway: RunningGateway, content: bytes, reason: str
) -> None:
    response = await post(gateway, ("first.json", HISTORY), ("bad.json", content), ("last.json", HISTORY))
    assert response.status_code == 202
    answer = response.json()
    [error] = answer["errors"]
    assert (error["filename"], error["reason"]) == ("bad.json", reason)
    assert error["message"]
    assert (answer["totalFiles"], answer["skippedFiles"]) == (2, 1)
    assert gateway.coordinator.contents[answer["uploadJobId"]] == {0: HISTORY, 1: HISTORY}
    [recorded] = gateway.coordinator.uploads[answer["uploadJobId"]].refusals
    assert (recorded.filename, recorded.reason) == ("bad.json", reason)


async def test_a_file_over_the_limit_is_told_the_limit(gateway: RunningGateway) -> None:
    [error] = (await post(gateway, ("big.json", history_of(3 * MIB + 1)))).json()["errors"]
    assert "3,145,728" in error["message"]


async def test_an_archive_among_files_is_told_where_to_go(gateway: RunningGateway) -> None:
    [error] = (await post(gateway, ("my.zip", b"PK\x03\x04"))).json()["errors"]
    assert "/api/uploads/zip" in error["message"]


async def test_where_no_file_is_left_nothing_is_stored(gateway: RunningGateway) -> None:
    response = await post(gateway, ("one.json", b"hello"), ("two.json", b""))
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["reason"] == "NO_USABLE_FILE"
    assert [error["filename"] for error in problem["errors"]] == ["one.json", "two.json"]
    assert gateway.coordinator.calls == []


async def test_a_single_bad_file_gets_its_own_sentence(gateway: RunningGateway) -> None:
    problem = (await post(gateway, ("one.json", b""))).json()
    assert problem["detail"] == problem["errors"][0]["message"]


async def test_a_broken_end_is_left_to_the_worker(gateway: RunningGateway) -> None:
    response = await post(gateway, ("cut.json", history_of(100_000)[:-10]))
    assert response.status_code == 202


@pytest.mark.parametrize(
    "request_parts",
    [
        {},
        {"files": [("other", ("a.json", HISTORY))]},
        {"files": [("files", (None, b"text"))]},
        {
            # What a browser sends where nobody chose a file.
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
            "content": b'--b\r\nContent-Disposition: form-data; name="files"; filename=""\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n",
        },
    ],
)
async def test_without_a_file_the_answer_says_so(gateway: RunningGateway, request_parts: Any) -> None:
    response = await gateway.client.post("/api/uploads/json", **request_parts)
    assert response.status_code == 400
    assert response.json()["reason"] == "NO_FILE"
    assert gateway.coordinator.calls == []


@pytest.mark.parametrize(
    ("headers", "body", "status", "reason"),
    [
        ({"Content-Type": "application/json"}, HISTORY, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"Content-Type": "multipart/form-data"}, b"x", 400, "MALFORMED_BODY"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"nothing of the kind", 400, "MALFORMED_BODY"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"", 400, "MALFORMED_BODY"),
        ({"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}, b"", 400, "MALFORMED_BODY"),
        (
            {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "br"},
            b"--b--",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ],
)
async def test_a_body_that_is_no_form_is_refused(
    gateway: RunningGateway, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    response = await gateway.client.post("/api/uploads/json", headers=headers, content=body)
    assert (response.status_code, response.json()["reason"]) == (status, reason)


async def test_a_form_that_is_cut_leaves_nothing(gateway: RunningGateway) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n' + HISTORY
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await gateway.client.post("/api/uploads/json", headers=headers, content=body)
    assert (response.status_code, response.json()["reason"]) == (400, "MALFORMED_BODY")
    assert gateway.coordinator.calls == []


async def test_more_files_than_the_limit_are_refused_with_limit_and_value(gateway: RunningGateway) -> None:
    response = await post(gateway, *[(f"{number}.json", HISTORY) for number in range(6)])
    assert response.status_code == 413
    problem = response.json()
    assert (problem["reason"], problem["limit"], problem["value"]) == ("PAYLOAD_TOO_LARGE", 5, 6)
    assert gateway.coordinator.calls == []


async def test_more_bytes_than_the_limit_are_refused_even_when_they_come_compressed(
    gateway: RunningGateway,
) -> None:
    content = gzip.compress(history_of(2 * MIB))
    response = await post(gateway, *[(f"{number}.json", content) for number in range(3)])
    assert response.status_code == 413
    problem = response.json()
    assert (problem["reason"], problem["limit"]) == ("PAYLOAD_TOO_LARGE", 5 * MIB)
    assert problem["value"] > 5 * MIB
    assert gateway.coordinator.calls == []


async def test_bytes_of_refused_files_do_not_count(gateway: RunningGateway) -> None:
    too_large = gzip.compress(history_of(3 * MIB + 1))
    response = await post(gateway, ("a.json", too_large), ("b.json", too_large), ("c.json", HISTORY))
    assert (response.status_code, response.json()["totalFiles"]) == (202, 1)


async def test_an_announced_length_over_the_limit_is_refused_unread(gateway: RunningGateway) -> None:
    pieces_sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal pieces_sent
        for _ in range(3):
            pieces_sent += 1
            yield b"x"

    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(100 * MIB)}
    response = await gateway.client.post("/api/uploads/json", headers=headers, content=pieces())
    problem = response.json()
    assert (response.status_code, problem["limit"], problem["value"]) == (413, 6 * MIB, 100 * MIB)


async def test_a_body_without_an_announced_length_is_cut_off_at_the_limit(gateway: RunningGateway) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n'
        for _ in range(100):
            yield b" " * MIB

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await gateway.client.post("/api/uploads/json", headers=headers, content=endless())
    problem = response.json()
    assert (response.status_code, problem["reason"], problem["limit"]) == (413, "PAYLOAD_TOO_LARGE", 6 * MIB)
    assert gateway.coordinator.calls == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\endsong.json", "endsong.json"),
        ("\u202egpj.json", "gpj.json"),
        ("x" * 300, "x" * 255),
        ("Ünïcödé 音楽.json", "Ünïcödé 音楽.json"),
    ],
)
async def test_a_hostile_filename_becomes_a_harmless_one(gateway: RunningGateway, given: str, shown: str) -> None:
    await post(gateway, (given, HISTORY))
    [chunk] = gateway.coordinator.requests_of("AppendFile")
    assert chunk.filename == shown


async def test_control_characters_in_a_filename_go_nowhere(gateway: RunningGateway) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a\x00b\x1f%0D%0Ac.json"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = head + HISTORY + b"\r\n--b--\r\n"
    await gateway.client.post("/api/uploads/json", headers=headers, content=body)
    [chunk] = gateway.coordinator.requests_of("AppendFile")
    assert chunk.filename == "abc.json"


async def test_the_idempotency_key_goes_on_with_a_hash_over_the_files(gateway: RunningGateway) -> None:
    compressed = gzip.compress(HISTORY)
    await post(gateway, ("a.json", HISTORY), ("b.json", compressed), key="key-1")
    [request] = gateway.coordinator.requests_of("EnqueueUpload")
    assert request.idempotency_key == "key-1"
    digests = sha256(HISTORY).digest() + sha256(compressed).digest()
    assert request.content_hash == sha256(digests).digest()


async def test_a_repeat_with_the_key_answers_the_first_upload(gateway: RunningGateway) -> None:
    first = await post(gateway, ("a.json", HISTORY), ("b.json", b""), key="key-1")
    second = await post(gateway, ("a.json", HISTORY), ("b.json", b""), key="key-1")
    assert second.status_code == 202
    assert second.json() == first.json()


async def test_the_key_with_other_content_is_a_conflict(gateway: RunningGateway) -> None:
    await post(gateway, ("a.json", HISTORY), key="key-1")
    response = await post(gateway, ("a.json", HISTORY + b" "), key="key-1")
    assert (response.status_code, response.json()["reason"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("key", ["", "x" * 201, "with blank", "tab\there"])
async def test_a_key_that_is_none_is_refused_before_anything_is_read(gateway: RunningGateway, key: str) -> None:
    response = await post(gateway, ("a.json", HISTORY), key=key)
    assert response.status_code == 400
    assert response.json()["field"] == "Idempotency-Key"
    assert gateway.coordinator.calls == []


async def test_another_limit_of_the_coordinator_is_passed_on(gateway: RunningGateway) -> None:
    told = {"field": "content", "limit": "10", "value": "12"}
    gateway.coordinator.refusals["AppendFile"] = [
        Refusal(grpc.StatusCode.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE", "Too much.", told)
    ]
    response = await post(gateway, ("a.json", HISTORY))
    problem = response.json()
    assert (response.status_code, problem["limit"], problem["value"]) == (413, 10, 12)
    assert gateway.coordinator.requests_of("EnqueueUpload") == []


async def test_a_chunk_that_met_a_leaving_coordinator_is_sent_again(gateway: RunningGateway) -> None:
    gateway.coordinator.refusals["AppendFile"] = [Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING")]
    response = await post(gateway, ("a.json", HISTORY))
    assert response.status_code == 202
