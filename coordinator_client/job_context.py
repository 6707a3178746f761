"""What a handler is given: the job, its lease, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

import grpc.aio

from coordinator_client import payloads
from coordinator_client.errors import LeaseLost
from coordinator_client.leases import ClaimedJob, Lease
from coordinator_client.outcomes import Completion, Ended, Result, presentable
from coordinator_client.stop_signal import EndReason, StopSignal
from protos.jobs.v1 import job_pb2

PROGRESS_MESSAGE_LIMIT_BYTES = 1024

CHECKPOINT_LIMIT_BYTES = 16 * 1024

# Stores progress and a checkpoint of an attempt, each where it is not None; answers whether its lease was still held.
ReportProgress: TypeAlias = Callable[[Lease, job_pb2.Progress | None, bytes | None], Awaitable[bool]]


class JobContext:
    """One attempt of a job, as its handler sees it.

    When the attempt is over for the worker (its lease lost, the job cancelled, its deadline passed, the worker
    stopped), the handler's task is cancelled. What cannot be cancelled, such as work in a thread or a loop that never
    waits, asks `is_cancelled`.
    """

    def __init__(
        self, job: ClaimedJob, signal: StopSignal, ends_at: float, channel: grpc.aio.Channel, report: ReportProgress
    ) -> None:
        """Takes the attempt's end by `time.monotonic`, and a channel of the handlers' own event loop."""
        self._job = job
        self._signal = signal
        self._ends_at = ends_at
        self._channel = channel
        self._report = report

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
    def checkpoint(self) -> bytes:
        """Where an attempt before left off, as it was saved; empty where none has saved any."""
        return self._job.checkpoint

    @property
    def size(self) -> int:
        """Bytes of the payload, or of the file that the job is about."""
        return self._job.size

    @property
    def seconds_left(self) -> float:
        """The time until the attempt is ended for the worker; negative once it is."""
        return self._ends_at - time.monotonic()

    @property
    def is_cancelled(self) -> bool:
        """Whether the attempt is over for the worker; may be asked from any thread."""
        return self._signal.reason is not None

    @property
    def end_reason(self) -> EndReason | None:
        """Why the attempt is over for the worker; None while it is not. May be asked from any thread."""
        return self._signal.reason

    def read_payload(self, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Yields the file that the job is about in chunks; see `payloads.read_payload`."""
        return payloads.read_payload(self._channel, self._job.lease, offset)

    async def report_progress(self, done: int, total: int, message: str = "") -> None:
        """Tells how far the attempt has come, in a unit of the worker's own; a total of 0 is not known.

        May be called as often as wanted: while one report is under way, only the newest of those that follow is sent.
        Neither number is negative. The message is for people, as that of a failure, and cut at 1 KiB.

        Raises:
            LeaseLost: the attempt is over.
        """
        if done < 0 or total < 0:
            raise ValueError(f"progress is not negative; not {done} of {total}")
        shown = presentable(message, PROGRESS_MESSAGE_LIMIT_BYTES)
        await self._tell(job_pb2.Progress(done=done, total=total, message=shown), None)

    async def save_checkpoint(self, checkpoint: bytes) -> None:
        """Stores where a next attempt is to go on, in place of the last; it finds it as `checkpoint`.

        Opaque to the coordinator, 16 KiB at most; empty, there is none any more. Of several that are saved while one is
        under way only the newest is sent.

        Raises:
            LeaseLost: the attempt is over.
        """
        if len(checkpoint) > CHECKPOINT_LIMIT_BYTES:
            raise ValueError(f"a checkpoint has at most {CHECKPOINT_LIMIT_BYTES:,} bytes, not {len(checkpoint):,}")
        await self._tell(None, checkpoint)

    async def _tell(self, progress: job_pb2.Progress | None, checkpoint: bytes | None) -> None:
        if not await self._report(self._job.lease, progress, checkpoint):
            raise LeaseLost("The worker does not hold the job any more.")


# Any other exception than those of `outcomes` is a failed attempt.
Handler: TypeAlias = Callable[[JobContext], Awaitable[Ended | Completion | Result]]
