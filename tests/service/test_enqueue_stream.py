"""EnqueueStream: many requests over one stream, each answered for itself, none lost and none doubled."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest

from protos.jobs.v1 import job_service_pb2, job_service_pb2_grpc
from tests.service.calls import enqueue, new_job, refusal_of
from tests.service.conftest import Connect, StartCoordinator

Result = job_service_pb2.EnqueueStreamResponse


class Stream:
    """One stream that any number of callers share; gRPC takes one write at a time."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self._writing = asyncio.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Result]] = {}
        self._reading = asyncio.create_task(self._read())

    async def send(self, *jobs: job_service_pb2.NewJob, key: str = "", owner: str = "tests") -> asyncio.Future[Result]:
        """Sends a request; its answer comes later."""
        request = job_service_pb2.EnqueueRequest(owner=owner, idempotency_key=key, jobs=jobs)
        request_id = str(next(self._numbers))
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        async with self._writing:
            await self.call.write(job_service_pb2.EnqueueStreamRequest(request_id=request_id, request=request))
        return future

    async def enqueue(self, *jobs: job_service_pb2.NewJob, key: str = "", owner: str = "tests") -> Result:
        """Sends a request and waits for its answer."""
        async with asyncio.timeout(30):
            return await (await self.send(*jobs, key=key, owner=owner))

    async def _read(self) -> None:
        try:
            async for response in self.call:
                self._waiting.pop(response.request_id).set_result(response)
        finally:
            for future in self._waiting.values():
                future.cancel()

    async def end(self) -> None:
        """Says that nothing more comes, and reads to the end. Raises what the stream was ended with."""
        await self.call.done_writing()
        await self._reading

    async def close(self) -> None:
        self.call.cancel()
        with suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
            await self._reading


@asynccontextmanager
async def enqueue_stream(channel: grpc.aio.Channel) -> AsyncIterator[Stream]:
    stream = Stream(job_service_pb2_grpc.JobServiceStub(channel).EnqueueStream())
    try:
        yield stream
    finally:
        await stream.close()


def payloads(url: str) -> Counter[bytes]:
    with psycopg.connect(url) as connection:
        return Counter(row[0] for row in connection.execute("SELECT payload FROM sluice.jobs").fetchall())


def commits(url: str) -> int:
    """How many transactions stored the jobs."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(DISTINCT xmin::text) FROM sluice.jobs").fetchone()
    assert row is not None
    return int(row[0])


async def test_sixty_four_callers_over_one_stream_share_commits(channel: grpc.aio.Channel, owner_url: str) -> None:
    async with enqueue_stream(channel) as stream:

        async def caller(number: int) -> None:
            for turn in range(10):
                result = await stream.enqueue(new_job(b"%d %d" % (number, turn)), key=f"{number} {turn}")
                assert len(result.response.job_ids) == 1

        await asyncio.gather(*map(caller, range(64)))
        await stream.end()
    assert payloads(owner_url) == Counter(b"%d %d" % (number, turn) for number in range(64) for turn in range(10))
    assert commits(owner_url) < 320, "640 requests, of which 64 are under way at a time"


async def test_a_refused_request_harms_none_of_those_beside_it(channel: grpc.aio.Channel, owner_url: str) -> None:
    (existing,) = await enqueue(channel, new_job(b"first"), key="used")
    (unique,) = await enqueue(channel, new_job(b"unique", unique_key="u"))
    async with enqueue_stream(channel) as stream:
        sent = {
            "fine": await stream.send(new_job(b"fine"), key="new"),
            "reused": await stream.send(new_job(b"other content"), key="used"),
            "repeated": await stream.send(new_job(b"first"), key="used"),
            "malformed": await stream.send(new_job(queue="no blanks")),
            "too large": await stream.send(new_job(bytes(262_145))),
            "unique": await stream.send(new_job(unique_key="u"), new_job(b"beside")),
            "no owner": await stream.send(new_job(), owner=""),
            "fine too": await stream.send(new_job(b"fine too")),
            "same key": await stream.send(new_job(b"fine"), key="new"),
        }
        await stream.end()
        results = {name: future.result() for name, future in sent.items()}
    refused = {name: result.refusal for name, result in results.items() if result.WhichOneof("result") == "refusal"}
    assert {name: one.reason for name, one in refused.items()} == {
        "reused": "IDEMPOTENCY_KEY_REUSED",
        "malformed": "INVALID_REQUEST",
        "too large": "PAYLOAD_TOO_LARGE",
        "no owner": "INVALID_REQUEST",
    }
    assert dict(refused["too large"].metadata) == {"field": "jobs[0].payload", "limit": "262144", "value": "262145"}
    assert refused["malformed"].metadata["field"] == "jobs[0].queue"
    assert results["repeated"].response == job_service_pb2.EnqueueResponse(
        job_ids=[str(existing)], repeated_request=True
    )
    assert results["same key"].response.job_ids == results["fine"].response.job_ids
    assert list(results["unique"].response.existing) == [0]
    assert results["unique"].response.job_ids[0] == str(unique)
    assert set(payloads(owner_url)) == {b"first", b"unique", b"fine", b"fine too", b"beside"}


async def test_the_ids_of_an_answer_are_those_of_its_own_jobs(channel: grpc.aio.Channel, owner_url: str) -> None:
    async with enqueue_stream(channel) as stream:
        sent = {b"%d" % number: await stream.send(new_job(b"%d" % number)) for number in range(100)}
        await stream.end()
        told = {future.result().response.job_ids[0]: payload for payload, future in sent.items()}
    with psycopg.connect(owner_url) as connection:
        stored = connection.execute("SELECT id::text, payload FROM sluice.jobs").fetchall()
    assert dict(stored) == told


@pytest.mark.parametrize("request_id", ["", "x" * 65, "twice"])
async def test_a_request_that_cannot_be_answered_by_its_id_ends_the_stream(
    channel: grpc.aio.Channel, owner_url: str, request_id: str
) -> None:
    # Somebody holds the first request's commit, so that its id is under way.
    with psycopg.connect(owner_url) as holder:
        holder.execute("INSERT INTO sluice.enqueue_keys VALUES ('tests', 'held', '', '{}')")
        call = job_service_pb2_grpc.JobServiceStub(channel).EnqueueStream()
        first = job_service_pb2.EnqueueRequest(owner="tests", idempotency_key="held", jobs=[new_job(b"first")])
        await call.write(job_service_pb2.EnqueueStreamRequest(request_id="twice", request=first))
        bad = job_service_pb2.EnqueueRequest(owner="tests", jobs=[new_job(b"bad")])
        await call.write(job_service_pb2.EnqueueStreamRequest(request_id=request_id, request=bad))
        holder.rollback()
    responses: list[Any] = []

    async def read() -> None:
        while (response := await call.read()) is not grpc.aio.EOF:
            responses.append(response)

    refused = await refusal_of(read())
    if request_id != "twice":
        assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "request_id")
    assert [one.request_id for one in responses] == ["twice"], "what was under way is answered"


async def test_a_coordinator_that_leaves_answers_what_it_has_read(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    coordinator = await start_coordinator()
    async with enqueue_stream(connect(coordinator)) as stream:
        assert (await stream.enqueue(new_job(b"0"))).response.job_ids
        sent = [await stream.send(new_job(b"%d" % number)) for number in range(1, 50)]
        await coordinator.stop()
        refused = await refusal_of(stream.end())
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        answered = sum(not future.cancelled() and bool(future.result().response.job_ids) for future in sent)
    assert sum(payloads(owner_url).values()) == answered + 1, "what is not answered was not carried out"


async def test_no_more_is_read_than_may_be_unanswered(channel: grpc.aio.Channel, owner_url: str) -> None:
    with psycopg.connect(owner_url) as holder:
        holder.execute("INSERT INTO sluice.enqueue_keys VALUES ('tests', 'held', '', '{}')")
        async with enqueue_stream(channel) as stream:
            sent = [await stream.send(new_job(b"held"), key="held")]
            sent += [await stream.send(new_job(b"%d" % number)) for number in range(1_500)]
            holder.rollback()
            await stream.end()
            assert all(future.result().response.job_ids for future in sent)
    assert sum(payloads(owner_url).values()) == 1_501


async def test_killed_in_the_middle_and_repeated_by_key_nothing_is_lost_or_doubled(
    start_coordinator: StartCoordinator, connect: Connect, database_url: str, owner_url: str
) -> None:
    other = connect(await start_coordinator())
    environment = os.environ | {"DATABASE_URL": database_url, "SLUICE_GRPC_PORT": "0"}
    command = [sys.executable, "-m", "coordinator", "serve"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    port = int((await process.stdout.readline()).decode().rpartition("=")[2])
    answered: dict[int, UUID] = {}
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, enqueue_stream(channel) as stream:

        async def caller(number: int) -> None:
            with suppress(asyncio.CancelledError, grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for turn in range(number * 1_000, number * 1_000 + 1_000):
                    result = await stream.enqueue(new_job(b"%d" % turn), key=str(turn))
                    answered[turn] = UUID(result.response.job_ids[0])
                    if len(answered) == 300:
                        process.kill()

        await asyncio.gather(*map(caller, range(16)))
    await process.wait()
    async with enqueue_stream(other) as stream:
        turns = sorted({number * 1_000 + turn for number in range(16) for turn in range(50)} | answered.keys())
        futures = {turn: await stream.send(new_job(b"%d" % turn), key=str(turn)) for turn in turns}
        await stream.end()
        for turn, job_id in answered.items():
            assert futures[turn].result().response.job_ids == [str(job_id)], "the first result, not another job"
    stored = payloads(owner_url)
    assert set(stored.values()) == {1}
    assert {b"%d" % turn for turn in turns} <= stored.keys()
