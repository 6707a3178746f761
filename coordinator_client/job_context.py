"""What a handler is given: the job, its lease, and what can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

import grpc.aio

from coordinator_client import payloads
from coordinator_client.leases import ClaimedJob, Lease
from coordinator_client.outcomes import Ended


class JobContext:
    """One attempt of a job, as its handler sees it.

    When the attempt is over for the worker (its lease lost, its deadline passed, the worker stopped), the
    handler's task is cancelled; what runs elsewhere on its behalf, in a thread say, asks `is_cancelled`.
    """

    def __init__(self, job: ClaimedJob, channel: grpc.aio.Channel) -> None:
        self._job = job
        self._channel = channel
        self._ends_at = asyncio.get_running_loop().time() + job.deadline_seconds
        self._cancelled = False

    @property
    def job_id(self) -> str:
        """The job's id, in the form in which producers know it."""
        return str(self._job.lease)

    @property
    def lease(self) -> Lease:
        """The fence that calls about this job carry."""
        return self._job.lease

    @property
    def channel(self) -> grpc.aio.Channel:
        """The channel to the coordinator, for calls of the handler's own."""
        return self._channel

    @property
    def queue(self) -> str:
        """The queue that the job came from."""
        return self._job.queue

    @property
    def kind(self) -> str:
        """The job's kind, which chose the handler."""
        return self._job.kind

    @property
    def attempt(self) -> int:
        """Which try of the job this is, counted from 1."""
        return self._job.attempt

    @property
    def payload(self) -> bytes:
        """The job's own payload, opaque to the coordinator."""
        return self._job.payload

    @property
    def size(self) -> int:
        """Bytes of the payload, or of the file that the job is about."""
        return self._job.size

    @property
    def seconds_left(self) -> float:
        """The time until the attempt is ended for the worker; negative once it is."""
        return self._ends_at - asyncio.get_running_loop().time()

    @property
    def is_cancelled(self) -> bool:
        """Whether the attempt is over for the worker; may be asked from any thread."""
        return self._cancelled

    def cancel(self) -> None:
        """Marks the attempt as over; the runtime cancels the handler's task as well."""
        self._cancelled = True

    def read_payload(self, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Yields the file that the job is about in chunks; see `payloads.read_payload`."""
        return payloads.read_payload(self._channel, self._job.lease, offset)


Handler: TypeAlias = Callable[[JobContext], Awaitable[Ended | None]]
