"""What operators ask for, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.errors import InvalidRequest
from coordinator.ids import parse_id
from coordinator.queue_limits import QueueLimits, RateLimit
from coordinator.store.jobs import FailedJobFilter
from coordinator.wire.checks import check_count, check_name, check_range, check_reason, check_text
from protos.jobs.v1 import admin_service_pb2

MOST_JOBS = 1_000
MOST_DEPTH = 1_000_000_000
MOST_RUNNING = 1_000_000
MOST_RATE = 1_000_000

Limit = Literal["max_depth", "max_running", "max_running_per_lane"]


@dataclass(frozen=True, slots=True)
class Redrive:
    """Which failed jobs are to go back: those of the ids, or those that fit the filter, at most `limit`."""

    job_ids: tuple[UUID, ...]
    filter: FailedJobFilter | None
    limit: int
    # What was asked for, for the audit log.
    details: Mapping[str, Any]


def redrive(request: admin_service_pb2.RedriveJobsRequest) -> Redrive:
    """Checks a RedriveJobs."""
    if request.HasField("filter") == bool(request.job_ids):
        raise InvalidRequest("Name jobs by job_ids or by a filter, one of the two.", field="job_ids")
    limit = request.limit or MOST_JOBS
    check_range(limit, "limit", 1, MOST_JOBS)
    if request.HasField("filter"):
        wanted = _filter(request.filter)
        return Redrive((), wanted, limit, MessageToDict(request, preserving_proto_field_name=True))
    check_count(len(request.job_ids), "job_ids", MOST_JOBS)
    ids = (parse_id(job_id, f"job_ids[{place}]") for place, job_id in enumerate(request.job_ids))
    return Redrive(tuple(dict.fromkeys(ids)), None, limit, MessageToDict(request, preserving_proto_field_name=True))


def asked(request: Message) -> dict[str, Any]:
    """Returns what was asked for, for the audit log."""
    return dict(MessageToDict(request, preserving_proto_field_name=True))


def queue_limits(limits: admin_service_pb2.QueueLimits) -> QueueLimits:
    """Checks the limits of a queue; what is absent is not limited."""
    return QueueLimits(
        max_depth=_optional(limits, "max_depth", MOST_DEPTH),
        max_running=_optional(limits, "max_running", MOST_RUNNING),
        max_running_per_lane=_optional(limits, "max_running_per_lane", MOST_RUNNING),
        rate=_rate(limits.rate) if limits.HasField("rate") else None,
    )


def _optional(limits: admin_service_pb2.QueueLimits, field: Limit, most: int) -> int | None:
    if not limits.HasField(field):
        return None
    value: int = getattr(limits, field)
    check_range(value, f"limits.{field}", 1, most)
    return value


def _rate(rate: admin_service_pb2.RateLimit) -> RateLimit:
    check_range(rate.per_second, "limits.rate.per_second", 0.001, MOST_RATE)
    burst = rate.burst if rate.HasField("burst") else max(1, int(rate.per_second))
    check_range(burst, "limits.rate.burst", 1, MOST_RATE)
    return RateLimit(rate.per_second, burst)


def limits_message(limits: QueueLimits) -> admin_service_pb2.QueueLimits:
    """Says what the limits of a queue are."""
    message = admin_service_pb2.QueueLimits(
        max_depth=limits.max_depth,
        max_running=limits.max_running,
        max_running_per_lane=limits.max_running_per_lane,
    )
    if limits.rate is not None:
        message.rate.CopyFrom(admin_service_pb2.RateLimit(per_second=limits.rate.per_second, burst=limits.rate.burst))
    return message


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
