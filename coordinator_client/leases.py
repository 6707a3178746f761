"""Leases and claimed jobs, and how they travel in columns."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from protos.jobs.v1 import job_pb2

JOB_ID_BYTES = 16


class MalformedBatch(Exception):
    """The columns of a message are not all of one length, or point outside."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to one attempt: the fence that every call about the job carries."""

    job_id: bytes
    # Whoever knows it can end the attempt: it stays out of logs.
    token: int = field(repr=False)

    def __str__(self) -> str:
        return str(uuid.UUID(bytes=self.job_id))


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job with the lease on its current attempt. `deadline_seconds` counts from the claim."""

    lease: Lease
    queue: str
    kind: str
    attempt: int
    payload: bytes = field(repr=False)
    size: int
    deadline_seconds: float
    # What an attempt before left for this one; empty where none did.
    checkpoint: bytes = field(default=b"", repr=False)


def to_columns(leases: Iterable[Lease]) -> job_pb2.LeaseList:
    """Puts leases into the columns of a message."""
    listed = list(leases)
    return job_pb2.LeaseList(
        job_ids=b"".join(lease.job_id for lease in listed), tokens=[lease.token for lease in listed]
    )


def from_columns(columns: job_pb2.LeaseList) -> list[Lease]:
    """Reads leases out of the columns of a message.

    Raises:
        MalformedBatch: there are not as many ids as tokens.
    """
    ids = columns.job_ids
    if len(ids) != JOB_ID_BYTES * len(columns.tokens):
        raise MalformedBatch(f"{len(ids)} bytes of ids for {len(columns.tokens)} tokens")
    return [
        Lease(ids[start : start + JOB_ID_BYTES], token)
        for start, token in zip(range(0, len(ids), JOB_ID_BYTES), columns.tokens, strict=True)
    ]


def claimed_jobs(batch: job_pb2.JobBatch) -> list[ClaimedJob]:
    """Reads the jobs out of a batch.

    Raises:
        MalformedBatch: its columns are not all of one length, or a kind's index points outside.
    """
    leases = from_columns(batch.leases)
    checkpoints = batch.checkpoints or [b""] * len(leases)
    columns = (leases, batch.attempts, batch.kind_indexes, batch.payloads, batch.sizes, batch.deadlines_ms, checkpoints)
    if len({len(column) for column in columns}) != 1:
        raise MalformedBatch(f"columns of {[len(column) for column in columns]} entries")
    kinds = tuple(batch.kinds)
    if any(not 0 <= index < len(kinds) for index in batch.kind_indexes):
        raise MalformedBatch(f"a kind's index is outside of {len(kinds)} kinds")
    return [
        ClaimedJob(lease, batch.queue, kinds[index], attempt, payload, size, deadline_ms / 1000, checkpoint)
        for lease, attempt, index, payload, size, deadline_ms, checkpoint in zip(*columns, strict=True)
    ]
