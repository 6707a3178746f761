"""Takes in the rows of one file, batch by batch, while nothing is locked and no connection is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from coordinator.copy_rows import encode_rows
from coordinator.errors import Busy, InvalidRequest
from coordinator.listen_domain import FileSummary, Source, TimeSpan
from coordinator.spool import RETRY_SECONDS, Spool
from coordinator.wire.listen_batches import play_columns
from protos.listens.v1.listen_service_pb2 import CommitListensRequest

Requests = AsyncIterator[CommitListensRequest]

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class _EncodedBatch:
    rows: int
    first: int
    last: int
    content: bytes


async def next_request(requests: AsyncIterator[Request], idle_seconds: float) -> Request | None:
    """Returns the next message, None at the end. Raises Busy where none comes: others need the room."""
    try:
        async with asyncio.timeout(idle_seconds):
            return await anext(requests, None)
    except TimeoutError:
        raise Busy(
            f"Nothing came for {idle_seconds:g} s; send the file again.",
            retry_after_seconds=RETRY_SECONDS,
            limit=idle_seconds,
        ) from None


async def gather(requests: Requests, summary: FileSummary, spool: Spool, idle_seconds: float) -> TimeSpan | None:
    """Checks, encodes and spools the batches until the stream ends; returns the times between which they lie.

    Raises InvalidRequest where there are more or fewer rows than the header said; what the check of a batch
    and the spool raise as well.
    """
    rows, first, last = 0, 2**62, -(2**62)
    while (request := await next_request(requests, idle_seconds)) is not None:
        batch = await asyncio.to_thread(_encode, request, summary.source)
        rows, first, last = rows + batch.rows, min(first, batch.first), max(last, batch.last)
        if rows > summary.row_count:
            raise _wrong_count(summary, f"more than {summary.row_count}")
        await spool.append(batch.content)
    if rows < summary.row_count:
        raise _wrong_count(summary, str(rows))
    return TimeSpan(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)) if rows else None


def _encode(request: CommitListensRequest, source: Source) -> _EncodedBatch:
    plays = play_columns(request, source)
    return _EncodedBatch(len(plays), min(plays.played_at), max(plays.played_at), encode_rows(plays))


def _wrong_count(summary: FileSummary, found: str) -> InvalidRequest:
    return InvalidRequest(
        f"The header announced {summary.row_count} rows, but there are {found}.",
        field="row_count",
        limit=summary.row_count,
        value=found,
    )
