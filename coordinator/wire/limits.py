"""The limits of queues, as messages."""

from __future__ import annotations

from typing import Literal

from coordinator.queue_limits import QueueLimits, RateLimit
from coordinator.wire.checks import check_range
from protos.jobs.v1 import admin_service_pb2

MOST_DEPTH = 1_000_000_000
MOST_RUNNING = 1_000_000
MOST_RATE = 1_000_000

Limit = Literal["max_depth", "max_running", "max_running_per_lane"]


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
    """Says what an operator set of a queue; what is absent is not limited."""
    message = admin_service_pb2.QueueLimits(
        max_depth=limits.max_depth,
        max_running=limits.max_running,
        max_running_per_lane=limits.max_running_per_lane,
    )
    if limits.rate is not None:
        message.rate.CopyFrom(admin_service_pb2.RateLimit(per_second=limits.rate.per_second, burst=limits.rate.burst))
    return message
