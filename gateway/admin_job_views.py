"""Jobs in JSON as operators see them: of any owner, with who worked on them; and how operators choose among them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import AwareDatetime, Field

from gateway.admin_views import Wish
from gateway.job_views import STATES, JobErrorView, JobStateName, Name, ProgressView, progress_view
from gateway.upload_views import Moment, View, moment, stamp
from protos.jobs.v1 import admin_service_pb2 as admin
from protos.jobs.v1 import job_pb2

MOST_JOBS = 1_000

JobIdText = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=64, description="The reason of the last error.")]
Limit = Annotated[int, Field(ge=1, le=MOST_JOBS, description="With a filter: how many at most in this step.")]


class AttemptErrorView(JobErrorView):
    """What went wrong in one attempt, and at whom."""

    worker: str = Field(description="Empty where nobody held the job.")


class AdminJobRow(View):
    """A job as lists have it."""

    id: str
    queue: str
    kind: str
    state: JobStateName
    owner: str
    lane: str
    priority: int = Field(description="Lower runs first.")
    attempt: int = Field(description="Counted from 1; 0 before the first.")
    max_attempts: int
    size: int = Field(description="Bytes of its payload, or of the file that it is about.")
    waits_for_lane: bool = Field(description="Pending, and kept back until its lane has room again.")
    progress: ProgressView | None
    last_error: AttemptErrorView | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    run_at: Moment | None = Field(description="When a scheduled job is to begin.")


class AdminJobPage(View):
    """One page of jobs, newest first. It may be short or empty and still have a cursor: then look further."""

    items: list[AdminJobRow]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


class AdminJobView(AdminJobRow):
    """A job with everything that is kept of it, but for its payload."""

    errors: list[AttemptErrorView] = Field(description="Oldest first: the first and the last 49.")
    result: Any = Field(description="Any JSON, by whoever completed it; null where there is none.")
    unique_key: str
    weight: float
    expires_at: Moment | None = Field(description="When it fails if nobody has taken it until then.")


class FailedFilter(Wish):
    """Which failed jobs; everything that is given must fit."""

    queue: Name
    kind: Text = ""
    owner: Text = ""
    reason: Reason = ""
    failed_from: AwareDatetime | None = Field(None, description="Included.")
    failed_until: AwareDatetime | None = Field(None, description="Not included.")

    def message(self) -> admin.FailedJobFilter:
        """Gives the filter as the contract has it."""
        return admin.FailedJobFilter(
            queue=self.queue,
            kind=self.kind,
            owner=self.owner,
            reason=self.reason,
            failed_from=stamp(self.failed_from) if self.failed_from else None,
            failed_until=stamp(self.failed_until) if self.failed_until else None,
        )


class OpenFilter(Wish):
    """Which unfinished jobs; everything that is given must fit."""

    queue: Name
    kind: Text = ""
    owner: Text = ""
    lane: Text = ""

    def message(self) -> admin.OpenJobFilter:
        """Gives the filter as the contract has it."""
        return admin.OpenJobFilter(queue=self.queue, kind=self.kind, owner=self.owner, lane=self.lane)


class RedriveWish(Wish):
    """Which failed jobs are to go back: those of the ids, or a step of those that fit the filter, oldest first."""

    job_ids: list[JobIdText] = Field([], max_length=MOST_JOBS)
    filter: FailedFilter | None = None
    limit: Limit = MOST_JOBS


class CancelWish(Wish):
    """Which unfinished jobs are to end: those of the ids, or a step of those that fit the filter."""

    job_ids: list[JobIdText] = Field([], max_length=MOST_JOBS)
    filter: OpenFilter | None = None
    limit: Limit = MOST_JOBS


class ChangedJobs(View):
    """What a step has changed."""

    job_ids: list[str]
    more: bool = Field(description="There may be more that fit the filter: ask for another step.")


def job_row(job: job_pb2.Job) -> AdminJobRow:
    """Shows a job in a list."""
    return AdminJobRow(**_row(job))


def full_job(job: job_pb2.Job) -> AdminJobView:
    """Shows a job with its history."""
    return AdminJobView(
        **_row(job),
        errors=[_error_view(error) for error in job.errors],
        result=json.loads(job.result) if job.result else None,
        unique_key=job.unique_key,
        weight=job.weight,
        expires_at=_moment(job.expires_at),
    )


def _row(job: job_pb2.Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "queue": job.queue,
        "kind": job.kind,
        "state": STATES[job.state],
        "owner": job.owner,
        "lane": job.lane,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "size": job.size,
        "waits_for_lane": job.waits_for_lane,
        "progress": progress_view(job.progress) if job.HasField("progress") else None,
        "last_error": _error_view(job.errors[-1]) if job.errors else None,
        "created_at": moment(job.created_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "run_at": _moment(job.run_at),
    }


def _error_view(error: job_pb2.JobError) -> AttemptErrorView:
    return AttemptErrorView(
        attempt=error.attempt,
        worker=error.worker,
        reason=error.reason,
        message=error.message,
        occurred_at=moment(error.occurred_at),
    )


def _moment(value: Timestamp) -> Moment | None:
    """A time that is absent reads as the epoch, at which nothing of ours happened."""
    return moment(value) if value.ByteSize() else None
