"""Jobs to be enqueued, in Python's own types."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from coordinator_client.encoding import payload_of
from protos.jobs.v1 import job_pb2
from protos.jobs.v1.job_service_pb2 import NewJob


def new_job(  # noqa: PLR0913 - the contract's fields, by name
    queue: str,
    kind: str,
    payload: Any = b"",
    *,
    priority: int = 0,
    lane: str | None = None,
    weight: float | None = None,
    delay: float | timedelta = 0,
    deadline: float | timedelta | None = None,
    expire_after: float | timedelta | None = None,
    unique_key: str = "",
    retry_policy: job_pb2.RetryPolicy | None = None,
) -> NewJob:
    """Makes a job for `Producer.enqueue`; what the fields mean stands in jobs.v1.NewJob.

    Args:
        queue: where it waits.
        kind: what handler it needs.
        payload: bytes, a protobuf message, or what JSON can hold; dataclasses too.
        priority: lower runs first.
        lane: by whom jobs take turns: None is the owner, empty nobody.
        weight: how many turns its lane gets for one of a lane of weight 1.
        delay: until it may be claimed; all times in seconds, or as a timedelta.
        deadline: how long one attempt may take.
        expire_after: for how long it may wait to be taken for the first time.
        unique_key: at most one unfinished job of owner and queue has it.
        retry_policy: how often it is tried, and how long it rests in between.
    """
    return NewJob(
        queue=queue,
        kind=kind,
        payload=payload_of(payload),
        priority=priority,
        lane=lane,
        weight=weight,
        delay=_duration(delay) if delay else None,
        deadline=_duration(deadline),
        expire_after=_duration(expire_after),
        unique_key=unique_key,
        retry_policy=retry_policy,
    )


def retry_policy(
    *,
    max_attempts: int | None = None,
    base: float | timedelta | None = None,
    factor: float | None = None,
    ceiling: float | timedelta | None = None,
    jitter: float | None = None,
) -> job_pb2.RetryPolicy:
    """Makes a retry policy; what is None takes the coordinator's default. Times as for `new_job`."""
    return job_pb2.RetryPolicy(
        max_attempts=max_attempts, base=_duration(base), factor=factor, ceiling=_duration(ceiling), jitter=jitter
    )


def _duration(time: float | timedelta | None) -> Duration | None:
    if time is None:
        return None
    message = Duration()
    message.FromTimedelta(time if isinstance(time, timedelta) else timedelta(seconds=time))
    return message
