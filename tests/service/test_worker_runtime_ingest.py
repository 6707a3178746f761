"""The ingest worker from the claim of a file to the commit of its plays, and from an archive to its files."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import multiprocessing
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from coordinator_client.errors import Busy, InvalidRequest, LeaseLost, StoreUnavailable
from coordinator_client.job_context import Handler
from coordinator_client.leases import Lease
from export_formats import ArchiveLimits
from ingest_worker.ingest import IngestHandler
from ingest_worker.parser_pool import ParserPool
from ingest_worker.unpack import UnpackHandler
from protos.listens.v1 import listen_pb2
from protos.uploads.v1.upload_pb2 import FilePayload
from tests.service.scripted_coordinator import ScriptedCoordinator, Stream, new_lease
from tests.service.scripted_ingest import IngestScript, header_lease
from tests.service.worker_fixtures import scripted, working
from tests.waiting import eventually

FILE_LIMIT = 2_000_000
PARSER_BYTES = 128 << 20


def account_rows(count: int) -> list[dict[str, Any]]:
    return [
        {"endTime": f"2024-01-01 {n // 60 % 24:02}:{n % 60:02}", "artistName": f"a{n}", "trackName": "t", "msPlayed": n}
        for n in range(count)
    ]


def history(count: int = 3) -> bytes:
    return json.dumps(account_rows(count)).encode()


def archive_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def chunks(content: bytes, size: int = 100_000) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@contextmanager
def parsers(count: int = 2) -> Iterator[ParserPool]:
    pool = ParserPool(count, PARSER_BYTES)
    try:
        yield pool
    finally:
        pool.close()


@asynccontextmanager
async def ingesting(
    script: IngestScript, *, parser_count: int = 2
) -> AsyncIterator[tuple[ScriptedCoordinator, Stream]]:
    """A coordinator with the script, and a worker at it with both handlers."""
    with parsers(parser_count) as pool:
        handlers: dict[str, Handler] = {
            "ingest": IngestHandler(pool, FILE_LIMIT),
            "unpack": UnpackHandler(pool, FILE_LIMIT, ArchiveLimits(file_bytes=FILE_LIMIT)),
        }
        async with scripted(script.serve_with) as coordinator, working(coordinator, handlers):
            yield coordinator, await coordinator.stream()


def parser_process() -> int:
    """The process id of the one parser."""
    (parser,) = multiprocessing.active_children()
    assert parser.pid is not None
    return parser.pid


def send(
    stream: Stream, coordinator: ScriptedCoordinator, kind: str, content: bytes, name: str = "history.json"
) -> Lease:
    """Hands the worker a job about this content."""
    coordinator.content = chunks(content)
    lease = new_lease()
    payload = FilePayload(filename=name, size=len(content)).SerializeToString()
    stream.send_jobs([lease], kind=kind, payload=payload, size=len(content))
    return lease


async def test_a_file_is_committed_with_its_figures_and_all_its_rows() -> None:
    script = IngestScript()
    async with ingesting(script) as (coordinator, stream):
        rows = [*account_rows(7_000), *account_rows(10), {"nothing": "useful"}]
        lease = send(stream, coordinator, "ingest", json.dumps(rows).encode(), "StreamingHistory0.json")
        await eventually(lambda: stream.credit.ended_total == 1)
        ((first, *batches),) = script.commits
        header = first.header
        assert header_lease(first) == lease
        assert header.source == listen_pb2.SOURCE_ACCOUNT
        assert (header.row_count, header.merged_count) == (7_000, 10)
        assert [(one.reason, one.count) for one in header.rejections] == [("missing_field", 1)]
        assert [len(request.batch.played_at) for request in batches] == [5_000, 2_000]
        assert coordinator.completions == []
        assert coordinator.failures == []


async def test_a_commit_waits_its_turn_with_the_same_token_and_spends_no_attempt() -> None:
    script = IngestScript(refusals=[Busy("another file", retry_after=0.2), StoreUnavailable("away", retry_after=0.1)])
    async with ingesting(script) as (coordinator, stream):
        before = asyncio.get_running_loop().time()
        lease = send(stream, coordinator, "ingest", history())
        await eventually(lambda: stream.credit.ended_total == 1)
        assert asyncio.get_running_loop().time() - before >= 0.3
        assert [header_lease(commit[0]) for commit in script.commits] == [lease]
        assert coordinator.failures == []
        assert len(coordinator.payload_offsets) == 1


async def test_a_commit_that_has_lost_its_lease_ends_in_silence() -> None:
    script = IngestScript(refusals=[LeaseLost("not yours")])
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "ingest", history())
        await eventually(lambda: stream.credit.ended_total == 1)
        assert script.commits == []
        assert coordinator.failures == []
        assert coordinator.releases == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY_FILE"),
        (b"not json at all", "NOT_JSON"),
        (history()[:-20], "NOT_JSON"),
        (b'[{"a": 1}]', "NOT_A_HISTORY"),
        (b"[" + b" " * FILE_LIMIT + b"]", "TOO_LARGE"),
    ],
)
async def test_a_file_that_is_no_history_fails_for_good_with_its_reason(content: bytes, reason: str) -> None:
    script = IngestScript()
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "ingest", content)
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.permanent) == (reason, True)
        assert failure.message
        assert script.commits == []


async def test_rows_that_the_coordinator_refuses_fail_for_good() -> None:
    script = IngestScript(refusals=[InvalidRequest("played_at[0] is too late.")])
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "ingest", history())
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.permanent) == ("INVALID_REQUEST", True)


async def test_a_parser_that_is_killed_fails_the_attempt_and_not_the_file() -> None:
    script = IngestScript()
    async with ingesting(script, parser_count=1) as (coordinator, stream):
        send(stream, coordinator, "ingest", history())
        await eventually(lambda: script.commits)
        parser = parser_process()
        os.kill(parser, signal.SIGSTOP)
        send(stream, coordinator, "ingest", history())
        await eventually(lambda: len(coordinator.payload_offsets) == 2)
        os.kill(parser, signal.SIGKILL)
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.permanent) == ("PARSER_CRASHED", False)
        lease = send(stream, coordinator, "ingest", history())
        await eventually(lambda: header_lease(script.commits[-1][0]) == lease)


async def test_pings_go_on_while_files_are_parsed() -> None:
    script = IngestScript()
    async with ingesting(script, parser_count=1) as (coordinator, stream):
        send(stream, coordinator, "ingest", history())
        await eventually(lambda: script.commits)
        parser = parser_process()
        os.kill(parser, signal.SIGSTOP)
        send(stream, coordinator, "ingest", history())
        pings = len(stream.pings)
        await eventually(lambda: len(stream.pings) >= pings + 20)
        assert len(coordinator.streams) == 1
        os.kill(parser, signal.SIGCONT)
        await eventually(lambda: len(script.commits) == 2)


async def test_a_lost_lease_ends_the_parser_that_works_for_it() -> None:
    script = IngestScript()
    async with ingesting(script, parser_count=1) as (coordinator, stream):
        send(stream, coordinator, "ingest", history())
        await eventually(lambda: script.commits)
        parser = parser_process()
        os.kill(parser, signal.SIGSTOP)
        lease = send(stream, coordinator, "ingest", history())
        await eventually(lambda: len(coordinator.payload_offsets) == 2)
        stream.send_pong(lost=[lease])
        await eventually(lambda: parser not in [child.pid for child in multiprocessing.active_children()])
        await eventually(lambda: stream.credit.ended_total == 2)
        assert coordinator.failures == []


async def test_the_histories_of_an_archive_are_sent_back_and_the_rest_is_told() -> None:
    script = IngestScript()
    large = json.dumps(account_rows(20_000), indent=1).encode()[:FILE_LIMIT]
    members = {
        "MyData/StreamingHistory_music_0.json": history(),
        "MyData/StreamingHistory_music_1.json": large[: large.rindex(b"},") + 1] + b"]",
        "MyData/Playlist1.json": b"{}",
        "MyData/StreamingHistory_music_2.json": b"broken",
    }
    async with ingesting(script) as (coordinator, stream):
        lease = send(stream, coordinator, "unpack", archive_of(members), "my_data.zip")
        await eventually(lambda: stream.credit.ended_total == 1)
        header = script.additions[0][0].header
        assert header_lease(script.additions[0][0]) == lease
        assert (header.member_count, header.skipped_files) == (2, 1)
        assert [(one.filename, one.reason) for one in header.refusals] == [
            ("StreamingHistory_music_2.json", "NOT_JSON")
        ]
        assert [file.filename for file in script.files] == [
            "StreamingHistory_music_0.json",
            "StreamingHistory_music_1.json",
        ]
        assert [file.content for file in script.files] == list(members.values())[:2]
        assert {file.format for file in script.files} == {"account_music"}
        assert max(len(request.chunk) for request in script.additions[0]) <= 1 << 20
        assert coordinator.completions == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("history.json", history()), ("history.json.gz", gzip.compress(history())), ("x.zip", history())],
)
async def test_a_single_file_that_comes_like_an_archive_is_sent_back_as_the_only_one(name: str, content: bytes) -> None:
    script = IngestScript()
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "unpack", content, name)
        await eventually(lambda: stream.credit.ended_total == 1)
        assert [(file.filename, file.format) for file in script.files] == [(name.removesuffix(".gz"), "account_music")]
        assert script.files[0].content == history()
        assert coordinator.failures == []


async def test_an_addition_that_is_refused_for_now_is_sent_again_whole() -> None:
    script = IngestScript(refusals=[Busy("another file", retry_after=0.1)])
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "unpack", archive_of({"endsong_0.json": b"[]", "endsong_1.json": b"[ ]"}))
        await eventually(lambda: stream.credit.ended_total == 1)
        assert [file.content for file in script.files] == [b"[]", b"[ ]"]
        assert coordinator.failures == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY_FILE"),
        (b"no archive", "NOT_JSON"),
        (b"PK, no archive", "ARCHIVE_BROKEN"),
        (gzip.compress(b" " * FILE_LIMIT + b" "), "NOT_JSON"),
        (gzip.compress(history(30_000)), "TOO_LARGE"),
        (gzip.compress(history())[:-5], "GZIP_BROKEN"),
        (archive_of({"notes.txt": b"milk"}), "ARCHIVE_WITHOUT_HISTORY"),
        (os.urandom(FILE_LIMIT + 1), "TOO_LARGE"),
    ],
)
async def test_an_archive_that_cannot_be_taken_fails_for_good_with_its_reason(content: bytes, reason: str) -> None:
    script = IngestScript()
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "unpack", content)
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.permanent) == (reason, True)
        assert script.additions == []


async def test_no_file_of_a_job_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    script = IngestScript()
    script.answers.clear()
    async with ingesting(script) as (coordinator, stream):
        send(stream, coordinator, "unpack", archive_of({"endsong_0.json": b"[]"}))
        await eventually(lambda: script.additions)
        assert os.listdir(tmp_path) == []  # noqa: PTH208 - shows the names if there are any
        script.answers.set()
        await eventually(lambda: stream.credit.ended_total == 1)
