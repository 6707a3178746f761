"""A claim stream as a test drives it, message by message, without the client library."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc.aio
import psycopg

from protos.jobs.v1 import job_pb2, worker_service_pb2, worker_service_pb2_grpc


class ClaimStream:
    """Says Hello at the start and then what the test tells it to."""

    def __init__(self, call: Any, welcome: worker_service_pb2.Welcome) -> None:
        self.call = call
        self.welcome = welcome
        # gRPC takes one write at a time.
        self._saying = asyncio.Lock()

    async def say(self, **message: Any) -> None:
        """Sends one message."""
        async with self._saying:
            await self.call.write(worker_service_pb2.ClaimRequest(**message))

    async def grant(self, jobs: int, *, ended: int = 0, bytes_total: int | None = None) -> None:
        """Grants so many jobs in all."""
        credit = worker_service_pb2.Credit(jobs_total=jobs, ended_total=ended, bytes_total=bytes_total)
        await self.say(credit=credit)

    async def ping(self, sequence: int = 1) -> worker_service_pb2.Pong:
        """Pings and returns the Pong with the same sequence, passing over what comes before it."""
        await self.say(ping=worker_service_pb2.Ping(sequence=sequence))
        while True:
            pong = await self.pong()
            if pong.sequence == sequence:
                return pong

    async def goodbye(self) -> None:
        """Leaves for good, and reads to the end."""
        await self.say(goodbye=worker_service_pb2.Goodbye())
        while await self.call.read() is not grpc.aio.EOF:
            pass

    async def pong(self) -> worker_service_pb2.Pong:
        """Waits for the next Pong."""
        return (await self._next("pong")).pong

    async def jobs(self) -> job_pb2.JobBatch:
        """Waits for the next jobs."""
        return (await self._next("jobs")).jobs

    async def _next(self, kind: str) -> worker_service_pb2.ClaimResponse:
        async with asyncio.timeout(10):
            while (message := await self.call.read()).WhichOneof("message") != kind:
                pass
        response: worker_service_pb2.ClaimResponse = message
        return response


@asynccontextmanager
async def claim_stream(
    channel: grpc.aio.Channel,
    queue: str = "default",
    kinds: tuple[str, ...] = ("work",),
    worker: str = "w1",
    *,
    secret: bytes = b"",
    held: Sequence[tuple[UUID, int]] = (),
    also: Sequence[str] = (),
) -> AsyncIterator[ClaimStream]:
    """Opens a claim stream, or resumes one, and cancels it at the end, as a worker that goes away does."""
    call = worker_service_pb2_grpc.WorkerServiceStub(channel).Claim()
    hello = worker_service_pb2.Hello(
        worker=worker, queues=[queue, *also], kinds=kinds, session_secret=secret, held=lease_list(*held)
    )
    await call.write(worker_service_pb2.ClaimRequest(hello=hello))
    welcome: Any = await call.read()
    assert welcome.WhichOneof("message") == "welcome"
    try:
        yield ClaimStream(call, welcome.welcome)
    finally:
        call.cancel()


def leased(batch: job_pb2.JobBatch) -> list[tuple[UUID, int]]:
    """Returns (job id, token) of each job of a batch."""
    return leases_of(batch.leases)


def leases_of(columns: job_pb2.LeaseList) -> list[tuple[UUID, int]]:
    """Returns (job id, token) of each lease."""
    ids = columns.job_ids
    return [(UUID(bytes=ids[16 * place : 16 * place + 16]), token) for place, token in enumerate(columns.tokens)]


def lease_list(*leases: tuple[UUID, int]) -> job_pb2.LeaseList:
    """Returns leases as the columns of a request."""
    return job_pb2.LeaseList(job_ids=b"".join(job_id.bytes for job_id, _ in leases), tokens=[t for _, t in leases])


def session_age(url: str) -> float:
    """Seconds since the only session was opened."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM now() - opened_at)::float8 FROM sluice.worker_sessions"
        ).fetchone()
    assert row is not None
    return float(row[0])
