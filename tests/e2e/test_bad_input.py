"""Whatever comes in that cannot be used gets a status, a reason and a sentence, and leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tests.e2e.made_files import account_file
from tests.e2e.person import Person, new_person, token_of
from tests.e2e.plain_sql import Connection, row_counts
from tests.e2e.running_stack import RunningStack

MIB = 1024 * 1024
GOOD = account_file(10)
# Small as it is sent, and a history up to where the limit is passed.
TOO_LARGE = gzip.compress(GOOD[:-1] + b" " * 100 * MIB + b"]")
NOBODY = str(uuid4())

Attempt = Callable[[Person], httpx.Response]


def archive(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return packed.getvalue()


def a_file(content: bytes) -> Attempt:
    return lambda person: person.post_files({"history.json": content})


def an_archive(content: bytes) -> Attempt:
    return lambda person: person.post_archive(content)


def no_file(person: Person) -> httpx.Response:
    return person.client.post("/api/uploads/json", files={"other": b"text"})


def a_file_with_token(token: str | None) -> Attempt:
    authorization = f"Bearer {token}" if token else ""
    return lambda person: person.post_files({"history.json": GOOD}, Authorization=authorization)


def the_status_of(upload_id: str) -> Attempt:
    return lambda person: person.client.get(f"/api/uploads/{upload_id}/status")


def problem_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """Reads a problem document, which has a sentence for a person."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = response.json()
    for sentence in (problem["detail"], *(error["message"] for error in problem.get("errors", []))):
        assert len(sentence) > 20
        assert sentence.endswith(".")
    return problem


def reason_of(metadata: Iterable[Any]) -> str:
    """Reads the reason out of a refusal's trailing metadata."""
    [details] = [value for key, value in metadata if key == "grpc-status-details-bin"]
    [info] = [detail for detail in Status.FromString(details).details if detail.Is(ErrorInfo.DESCRIPTOR)]
    return str(ErrorInfo.FromString(info.value).reason)


@pytest.fixture(scope="module")
def somebody_elses(stack: RunningStack) -> str:
    """The id of an upload of another person."""
    with new_person(stack.http) as other:
        upload_id = other.upload({"history.json": GOOD})
        other.ended(upload_id)
    return upload_id


@pytest.fixture(autouse=True)
def processes_stay_up(stack: RunningStack) -> Iterator[None]:
    """All processes live on, and serve."""
    living = set(stack.living())
    yield
    assert stack.living().keys() >= living
    assert httpx.get(f"{stack.http}/readyz", trust_env=False).status_code == 200


# By what comes in: how, the status, the reason, and the reason of the file where one is named.
REFUSED: dict[str, tuple[Attempt, int, str, str | None]] = {
    "no file": (no_file, 400, "NO_FILE", None),
    "an empty file": (a_file(b""), 400, "NO_USABLE_FILE", "EMPTY_FILE"),
    "no JSON": (a_file(b"endTime,artistName\n2020-01-01,Somebody"), 400, "NO_USABLE_FILE", "NOT_JSON"),
    "JSON of another shape": (a_file(b'[{"name": "A playlist"}]'), 400, "NO_USABLE_FILE", "NOT_A_HISTORY"),
    "a file over the limit": (a_file(TOO_LARGE), 400, "NO_USABLE_FILE", "TOO_LARGE"),
    "a ZIP that is none": (an_archive(b"PK, but not really"), 400, "NOT_A_ZIP", "NOT_A_ZIP"),
    "no token": (a_file_with_token(None), 401, "UNAUTHENTICATED", None),
    "a token of another's": (a_file_with_token(token_of(NOBODY, secret="x" * 32)), 401, "UNAUTHENTICATED", None),
    "a token that is over": (a_file_with_token(token_of(NOBODY, exp=1)), 401, "UNAUTHENTICATED", None),
    "an unknown id": (the_status_of(NOBODY), 404, "UPLOAD_NOT_FOUND", None),
    "no id": (the_status_of("anything"), 404, "UPLOAD_NOT_FOUND", None),
}


@pytest.mark.parametrize(("attempt", "status", "reason", "file_reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused_with_a_reason_and_leaves_nothing(
    sql: Connection, person: Person, attempt: Attempt, status: int, reason: str, file_reason: str | None
) -> None:
    before = row_counts(sql)
    problem = problem_of(attempt(person), status)
    assert problem["reason"] == reason
    assert [error["reason"] for error in problem.get("errors", [])] == ([file_reason] if file_reason else [])
    assert row_counts(sql) == before


def test_another_persons_upload_is_as_unknown_as_one_that_never_was(person: Person, somebody_elses: str) -> None:
    seen, unknown = (problem_of(the_status_of(upload_id)(person), 404) for upload_id in (somebody_elses, NOBODY))
    assert (seen["reason"], seen["detail"]) == (unknown["reason"], unknown["detail"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (archive(history=GOOD.decode())[:-30], "cannot be opened"),
        (archive(readme="Read me first"), "no listening history"),
    ],
    ids=["broken", "without history"],
)
def test_an_archive_that_a_worker_refuses_leaves_the_refusal_alone(
    sql: Connection, person: Person, content: bytes, told: str
) -> None:
    before = row_counts(sql)
    problem = problem_of(person.post_archive(content), 400)
    assert problem["reason"] == "ARCHIVE_REFUSED"
    assert told in problem["detail"]
    status = person.status(problem["uploadJobId"])
    assert (status["status"], status["errorMessage"]) == ("failed", problem["detail"])
    after = row_counts(sql)
    for table in ("upload_file_chunks", "listens", "jobs"):
        assert after[table] == before[table]


@pytest.mark.parametrize(
    "method",
    [
        "/jobs.v1.JobService/Enqueue",
        "/jobs.v1.WorkerService/Complete",
        "/uploads.v1.UploadService/CreateUpload",
        "/listens.v1.ListenService/GetOverview",
    ],
)
def test_a_malformed_message_is_refused_with_a_reason(stack: RunningStack, sql: Connection, method: str) -> None:
    before = row_counts(sql)
    with grpc.insecure_channel(stack.grpc) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff\xff\xff this is no message", timeout=10)
    refused: Any = caught.value
    assert (refused.code(), refused.details()[-1]) == (grpc.StatusCode.INVALID_ARGUMENT, ".")
    assert reason_of(refused.trailing_metadata()) == "INVALID_REQUEST"
    assert row_counts(sql) == before
