"""From the bytes of an export file to what a worker commits, without the worker."""

from __future__ import annotations

from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.listen_domain import CommitOutcome
from export_formats import ParsedFile, parse
from ingest_worker.listen_batches import serialized_batches
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from protos.uploads.v1.upload_pb2 import RejectionCount
from tests.database.leased_jobs import hold_file
from tests.database.listen_calls import Listening

_SOURCES = {"account": listen_pb2.SOURCE_ACCOUNT, "extended": listen_pb2.SOURCE_EXTENDED}


async def commit_content(
    listener: Listening, owner: Connection[TupleRow], user_id: UUID, content: bytes
) -> CommitOutcome:
    """Makes an upload of the file, reads it and sends its plays; checks that its rows add up."""
    parsed = parse(content)
    held = hold_file(owner, user_id)
    header = _header(parsed)
    header.job_id, header.token = held.lease.job_id.bytes, held.lease.token
    batches = [CommitListensRequest.FromString(batch) for batch in serialized_batches(parsed.plays)]
    outcome = await listener.send(held, [CommitListensRequest(header=header), *batches])
    assert outcome.inserted + outcome.duplicate + sum(parsed.rejections.values()) == parsed.total_rows
    return outcome


def _header(parsed: ParsedFile) -> CommitListensRequest.Header:
    return CommitListensRequest.Header(
        format=parsed.format,
        source=_SOURCES[parsed.source],
        row_count=len(parsed.plays),
        merged_count=parsed.merged_rows,
        rejections=[RejectionCount(reason=reason, count=count) for reason, count in parsed.rejections.items()],
    )
