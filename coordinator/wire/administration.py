"""What operators ask for, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.admin_domain import OpenJobFilter, PruneFilter
from coordinator.errors import InvalidRequest
from coordinator.ids import parse_id
from coordinator.store.jobs import FailedJobFilter
from coordinator.wire.checks import check_count, check_name, check_range, check_reason, check_text
from coordinator.wire.jobs import states
from protos.jobs.v1 import admin_service_pb2

MOST_JOBS = 1_000
MOST_PRUNED = 10_000


@dataclass(frozen=True, slots=True)
class Redrive:
    """Which failed jobs are to go back: those of the ids, or those that fit the filter, at most `limit`."""

    job_ids: tuple[UUID, ...]
    filter: FailedJobFilter | None
    limit: int


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Which unfinished jobs are to end: those of the ids, or those that fit the filter, at most `limit`."""

    job_ids: tuple[UUID, ...]
    filter: OpenJobFilter | None
    limit: int


def redrive(request: admin_service_pb2.RedriveJobsRequest) -> Redrive:
    """Checks a RedriveJobs."""
    job_ids, limit = _ids_or_filter(request)
    return Redrive(job_ids, _filter(request.filter) if request.HasField("filter") else None, limit)


def cancellation(request: admin_service_pb2.CancelJobsRequest) -> Cancellation:
    """Checks a CancelJobs."""
    job_ids, limit = _ids_or_filter(request)
    return Cancellation(job_ids, _open_filter(request.filter) if request.HasField("filter") else None, limit)


def _ids_or_filter(
    request: admin_service_pb2.RedriveJobsRequest | admin_service_pb2.CancelJobsRequest,
) -> tuple[tuple[UUID, ...], int]:
    """Checks that one of the two names the jobs; returns the ids, each once, and the limit."""
    if request.HasField("filter") == bool(request.job_ids):
        raise InvalidRequest("Name jobs by job_ids or by a filter, one of the two.", field="job_ids")
    limit = request.limit or MOST_JOBS
    check_range(limit, "limit", 1, MOST_JOBS)
    if request.HasField("filter"):
        return (), limit
    check_count(len(request.job_ids), "job_ids", MOST_JOBS)
    ids = (parse_id(job_id, f"job_ids[{place}]") for place, job_id in enumerate(request.job_ids))
    return tuple(dict.fromkeys(ids)), limit


def _open_filter(wanted: admin_service_pb2.OpenJobFilter) -> OpenJobFilter:
    return OpenJobFilter(
        queue=check_name(wanted.queue, "filter.queue"),
        kind=check_name(wanted.kind, "filter.kind") if wanted.kind else None,
        owner=check_text(wanted.owner, "filter.owner", longest=200, shortest=0) or None,
        lane=check_text(wanted.lane, "filter.lane", longest=200, shortest=0) or None,
    )


def prune(request: admin_service_pb2.PruneJobsRequest) -> tuple[PruneFilter, int]:
    """Checks a PruneJobs; returns which jobs are to go, and how many at most."""
    if not request.HasField("finished_before"):
        raise InvalidRequest("Say until when: finished_before is needed.", field="finished_before")
    limit = request.limit or MOST_JOBS
    check_range(limit, "limit", 1, MOST_PRUNED)
    wanted = PruneFilter(
        finished_before=_moment(request.finished_before, "finished_before"),
        queue=check_name(request.queue, "queue") if request.queue else None,
        states=states(request.states, "states", ("completed", "failed", "cancelled")),
    )
    return wanted, limit


def session_id(text: str) -> int:
    """Reads the name of a session, as Welcome and ListWorkers give it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise InvalidRequest("session_id is none: give it as it was given to you.", field="session_id")
    return int(text)


def _filter(wanted: admin_service_pb2.FailedJobFilter) -> FailedJobFilter:
    return FailedJobFilter(
        queue=check_name(wanted.queue, "filter.queue"),
        kind=check_name(wanted.kind, "filter.kind") if wanted.kind else None,
        owner=check_text(wanted.owner, "filter.owner", longest=200, shortest=0) or None,
        reason=check_reason(wanted.reason, "filter.reason") if wanted.reason else None,
        failed_from=_moment(wanted.failed_from, "filter.failed_from") if wanted.HasField("failed_from") else None,
        failed_until=_moment(wanted.failed_until, "filter.failed_until") if wanted.HasField("failed_until") else None,
    )


def _moment(moment: Timestamp, field: str) -> datetime:
    try:
        return moment.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{field} is no moment between the years 1 and 9999.", field=field) from None
