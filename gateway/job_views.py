"""A job in JSON: what a person may ask for, and what they see of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.upload_views import Moment, View, moment
from protos.jobs.v1 import job_pb2

JobStateName = Literal["pending", "scheduled", "processing", "completed", "failed", "cancelled"]

STATES: dict[job_pb2.JobState.ValueType, JobStateName] = {
    job_pb2.JOB_STATE_PENDING: "pending",
    job_pb2.JOB_STATE_SCHEDULED: "scheduled",
    job_pb2.JOB_STATE_PROCESSING: "processing",
    job_pb2.JOB_STATE_COMPLETED: "completed",
    job_pb2.JOB_STATE_FAILED: "failed",
    job_pb2.JOB_STATE_CANCELLED: "cancelled",
}

_YEAR_SECONDS = 366 * 24 * 3600.0

Name = Annotated[str, Field(min_length=1, max_length=128)]


class JobWish(View):
    """A job to come. Its owner is whoever asks, and its turns are theirs: nobody passes others by asking for it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    queue: Name
    kind: Name
    payload: Any = Field(None, description="Any JSON; the handler's to understand. Without it the payload is empty.")
    delay_seconds: float = Field(0, ge=0, le=_YEAR_SECONDS, description="Until it may begin.")
    expire_after_seconds: float | None = Field(
        None, ge=1, le=_YEAR_SECONDS, description="For how long it may wait to begin; then it fails."
    )
    unique_key: str = Field("", max_length=200, description="At most one unfinished job of yours in the queue has it.")


class JobAccepted(View):
    """The job that there is now."""

    job_id: str
    existing: bool = Field(description="Whether it is one that had the unique key already.")


class ProgressView(View):
    """How far an attempt has come; a total of 0 is not known."""

    done: int
    total: int
    message: str


class JobErrorView(View):
    """What went wrong in one attempt."""

    attempt: int
    reason: str
    message: str
    occurred_at: Moment


class JobView(View):
    """How a job stands."""

    id: str
    queue: str
    kind: str
    state: JobStateName
    attempt: int = Field(description="Counted from 1; 0 before the first.")
    max_attempts: int
    progress: ProgressView | None
    result: Any = Field(description="Any JSON, by whoever completed it; null where there is none.")
    errors: list[JobErrorView] = Field(description="Oldest first: the first and the last 49.")
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    run_at: Moment | None = Field(description="When a scheduled job is to begin.")


def job_view(job: job_pb2.Job) -> JobView:
    """Shows a job to its owner: nothing of the workers that had it."""
    return JobView(
        id=job.id,
        queue=job.queue,
        kind=job.kind,
        state=STATES[job.state],
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        progress=_progress(job),
        result=json.loads(job.result) if job.result else None,
        errors=[
            JobErrorView(
                attempt=error.attempt,
                reason=error.reason,
                message=error.message,
                occurred_at=moment(error.occurred_at),
            )
            for error in job.errors
        ],
        created_at=moment(job.created_at),
        started_at=_moment(job, "started_at", job.started_at),
        finished_at=_moment(job, "finished_at", job.finished_at),
        run_at=_moment(job, "run_at", job.run_at),
    )


def _progress(job: job_pb2.Job) -> ProgressView | None:
    if not job.HasField("progress"):
        return None
    return progress_view(job.progress)


def progress_view(progress: job_pb2.Progress) -> ProgressView:
    """Shows how far an attempt has come."""
    return ProgressView(done=progress.done, total=progress.total, message=progress.message)


def _moment(job: job_pb2.Job, field: Literal["started_at", "finished_at", "run_at"], stamp: Timestamp) -> Moment | None:
    return moment(stamp) if job.HasField(field) else None
