"""What operators ask for, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.errors import InvalidRequest
from coordinator.ids import parse_id
from coordinator.store.jobs import FailedJobFilter
from coordinator.wire.checks import check_count, check_name, check_range, check_reason, check_text
from protos.jobs.v1 import admin_service_pb2

MOST_JOBS = 1_000


@dataclass(frozen=True, slots=True)
class Redrive:
    """Which failed jobs are to go back: those of the ids, or those that fit the filter, at most `limit`."""

    job_ids: tuple[UUID, ...]
    filter: FailedJobFilter | None
    limit: int
    # What was asked for, for the audit log, which takes the owner as an HMAC alone.
    details: Mapping[str, Any]


def redrive(request: admin_service_pb2.RedriveJobsRequest) -> Redrive:
    """Checks a RedriveJobs."""
    if request.HasField("filter") == bool(request.job_ids):
        raise InvalidRequest("Name jobs by job_ids or by a filter, one of the two.", field="job_ids")
    limit = request.limit or MOST_JOBS
    check_range(limit, "limit", 1, MOST_JOBS)
    if request.HasField("filter"):
        wanted = _filter(request.filter)
        return Redrive((), wanted, limit, _details(request))
    check_count(len(request.job_ids), "job_ids", MOST_JOBS)
    ids = (parse_id(job_id, f"job_ids[{place}]") for place, job_id in enumerate(request.job_ids))
    return Redrive(tuple(dict.fromkeys(ids)), None, limit, _details(request))


def _details(request: admin_service_pb2.RedriveJobsRequest) -> Mapping[str, Any]:
    details: dict[str, Any] = MessageToDict(request, preserving_proto_field_name=True)
    details.get("filter", {}).pop("owner", None)
    return details


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
