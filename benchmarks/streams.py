"""Claim streams as a program speaks them that has nothing but the contract."""

from __future__ import annotations

import asyncio
from typing import Any, Self
from uuid import UUID

import grpc.aio

from protos.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, worker_service_pb2, worker_service_pb2_grpc

QUEUE, KIND = "bench", "note"


class Stream:
    """One worker on a connection of its own. It pings until it is frozen or broken."""

    def __init__(self, address: str) -> None:
        options = (("grpc.use_local_subchannel_pool", 1),)
        self.channel = grpc.aio.insecure_channel(address, options=options)
        self.secret = b""
        self._call: Any = worker_service_pb2_grpc.WorkerServiceStub(self.channel).Claim()
        self._pinging: asyncio.Task[None] | None = None

    async def open(self, secret: bytes = b"", held: job_pb2.LeaseList | None = None) -> Self:
        """Says Hello, waits for the Welcome, and begins to ping."""
        hello = worker_service_pb2.Hello(worker="bench", queues=[QUEUE], kinds=[KIND], session_secret=secret, held=held)
        await self._call.write(worker_service_pb2.ClaimRequest(hello=hello))
        welcome = await self._call.read()
        self.secret = welcome.welcome.session_secret
        self._pinging = asyncio.create_task(self._ping(welcome.welcome.ping_interval.ToTimedelta().total_seconds()))
        return self

    async def grant(self, jobs: int) -> None:
        """Grants so many jobs in all."""
        await self._call.write(worker_service_pb2.ClaimRequest(credit=worker_service_pb2.Credit(jobs_total=jobs)))

    async def jobs(self) -> job_pb2.JobBatch:
        """Waits for the next jobs."""
        while (message := await self._call.read()).WhichOneof("message") != "jobs":
            pass
        batch: job_pb2.JobBatch = message.jobs
        return batch

    def freeze(self) -> None:
        """Says nothing any more; the connection stays."""
        if self._pinging is not None:
            self._pinging.cancel()

    async def break_off(self) -> None:
        """Closes the connection without a goodbye."""
        self.freeze()
        self._call.cancel()
        await self.channel.close()

    async def _ping(self, seconds: float) -> None:
        sequence = 0
        while True:
            await asyncio.sleep(seconds)
            sequence += 1
            await self._call.write(worker_service_pb2.ClaimRequest(ping=worker_service_pb2.Ping(sequence=sequence)))


async def enqueue(channel: grpc.aio.Channel, number: int = 1) -> list[UUID]:
    """Enqueues empty jobs and returns their ids."""
    jobs = [job_service_pb2.NewJob(queue=QUEUE, kind=KIND)] * number
    request = job_service_pb2.EnqueueRequest(owner="bench", jobs=jobs)
    response = await job_service_pb2_grpc.JobServiceStub(channel).Enqueue(request)
    return [UUID(job_id) for job_id in response.job_ids]


async def complete(channel: grpc.aio.Channel, batch: job_pb2.JobBatch) -> None:
    """Completes a batch."""
    request = worker_service_pb2.CompleteRequest(leases=batch.leases)
    response = await worker_service_pb2_grpc.WorkerServiceStub(channel).Complete(request)
    assert not response.refusals
