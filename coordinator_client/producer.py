"""For producers: putting jobs into queues and looking them up again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

import grpc.aio

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary, read_pages, read_stream
from coordinator_client.enqueue_stream import EnqueueStream
from coordinator_client.errors import Draining, JobNotFound, Unavailable
from coordinator_client.patience import Patience
from protos.jobs.v1 import job_pb2
from protos.jobs.v1 import job_service_pb2 as messages
from protos.jobs.v1.job_service_pb2_grpc import JobServiceStub

# The states in which a job stays.
FINAL_STATES = frozenset({job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED})

# In a row, of a watch that is begun again.
MOST_WATCH_FAILURES = 5


class Producer:
    """Enqueues jobs on behalf of their owners. Every method raises CoordinatorError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = JobServiceStub(channel)

    async def enqueue(
        self,
        owner: str,
        jobs: Iterable[messages.NewJob],
        *,
        idempotency_key: str = "",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> messages.EnqueueResponse:
        """Stores jobs, all of them or none, durable once it answers.

        With an idempotency key the call repeats itself where nobody answered, and so may its caller: the same
        key and jobs give back the first result. Without one it does not, since the jobs may be there already.
        """
        request = messages.EnqueueRequest(owner=owner, jobs=jobs, idempotency_key=idempotency_key)
        repeat_is_safe = bool(idempotency_key)
        return await call_unary(
            self._stub.Enqueue, request, timeout_seconds=timeout_seconds, repeat_is_safe=repeat_is_safe
        )

    def enqueue_stream(self) -> EnqueueStream:
        """Enqueues for busy callers: an asynchronous context in which many calls of `enqueue` share one stream."""
        return EnqueueStream(self._stub.EnqueueStream)

    async def get_job(
        self, owner: str, job_id: str, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> job_pb2.Job:
        """Reads one job of the owner, unfinished or in history."""
        request = messages.GetJobRequest(owner=owner, job_id=job_id)
        response = await call_unary(self._stub.GetJob, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
        return response.job

    async def list_jobs(
        self,
        owner: str,
        *,
        queue: str = "",
        kind: str = "",
        states: Iterable[job_pb2.JobState.ValueType] = (),
        page_size: int = 0,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> AsyncGenerator[job_pb2.Job, None]:
        """Yields the owner's jobs that fit, newest first, each with its last error alone.

        Reads a page when the one before is used up; the time limit is for each page. Empty fields fit all.
        """
        request = messages.ListJobsRequest(owner=owner, queue=queue, kind=kind, states=states, page_size=page_size)
        async for page in read_pages(self._stub.ListJobs, request, timeout_seconds=timeout_seconds):
            for job in page.jobs:
                yield job

    async def watch_job(self, owner: str, job_id: str) -> AsyncGenerator[job_pb2.Job, None]:
        """Yields the job as it is, then whenever it has changed; ends after its final state.

        Watches again where a coordinator left or was away for a moment, so that a state may come twice. Close the
        iterator (`aclose`) to leave early.

        Raises:
            JobNotFound: the owner has no such job.
            Unavailable: five times in a row nobody answered.
        """
        request = messages.WatchJobRequest(owner=owner, job_id=job_id)
        patience, failures = Patience(), 0
        while True:
            try:
                async with aclosing(read_stream(self._stub.WatchJob(request))) as answers:
                    async for answer in answers:
                        patience.succeed()
                        failures = 0
                        yield answer.job
                        if answer.job.state in FINAL_STATES:
                            return
                raise Draining("the stream ended before the job did")
            except Unavailable as error:
                failures += 1
                if failures == MOST_WATCH_FAILURES:
                    raise
                passing = error
            await patience.wait(passing)

    async def finished_job(self, owner: str, job_id: str) -> job_pb2.Job:
        """Waits until the job is completed, failed or cancelled, and returns it. Raises as `watch_job`."""
        async with aclosing(self.watch_job(owner, job_id)) as states:
            async for job in states:
                if job.state in FINAL_STATES:
                    return job
        raise JobNotFound("the job was gone before it ended")

    async def cancel_job(self, owner: str, job_id: str, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Ends an unfinished job of the owner as cancelled, at once and whatever its state; a repeat is harmless.

        Raises:
            JobNotFound: the owner has no such job.
            JobFinished: it completed or failed before.
            Busy: its completion is under way.
        """
        request = messages.CancelJobRequest(owner=owner, job_id=job_id)
        await call_unary(self._stub.CancelJob, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
