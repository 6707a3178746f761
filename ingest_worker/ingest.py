"""The handler of one export file: read it, parse it, commit its plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from coordinator_client.job_context import JobContext
from coordinator_client.listens import ListenClient
from coordinator_client.outcomes import AttemptFailure, Ended
from coordinator_client.patience import until_answered
from export_formats import FileSummary
from ingest_worker.frames import FrameSpool
from ingest_worker.parser_pool import ParserPool
from ingest_worker.parsing import BytesRead, parse_file
from ingest_worker.payload_file import payload_file
from ingest_worker.verdicts import verdicts_are_final
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from protos.uploads.v1.upload_pb2 import FilePayload, RejectedRow, RejectionCount

KIND = "ingest"

SOURCES = {"account": listen_pb2.SOURCE_ACCOUNT, "extended": listen_pb2.SOURCE_EXTENDED}

log = structlog.get_logger(__name__)


class IngestHandler:
    """Turns files into plays: the commit stores them and ends the job, in one transaction of the coordinator's."""

    def __init__(self, pool: ParserPool, file_limit_bytes: int) -> None:
        self._pool = pool
        self._file_limit_bytes = file_limit_bytes

    async def __call__(self, context: JobContext) -> Ended:
        """Handles one job."""
        with verdicts_are_final(), FrameSpool() as batches:
            summary = await self._parse(context, batches)
            header = _header(context, summary)
            listens = ListenClient(context.channel)
            # Where the coordinator is busy or away, the same commit waits its turn and no attempt is spent.
            await until_answered(lambda: listens.commit_listens(_requests(header, batches)))
        log.info("committed", job_id=context.job_id, format=summary.format, rows=summary.play_count)
        return Ended.ALREADY

    async def _parse(self, context: JobContext, batches: FrameSpool) -> FileSummary:
        """Parses the job's file; gives what it amounts to, and leaves its plays in `batches`."""
        filename = FilePayload.FromString(context.payload).filename
        summary: FileSummary | None = None
        async with (
            payload_file(context, self._file_limit_bytes) as file,
            self._pool.process() as process,
            aclosing(process.run(parse_file, file, filename, self._file_limit_bytes)) as pieces,
        ):
            async for piece in pieces:
                match piece:
                    case BytesRead(done):
                        await context.report_progress(done, context.size)
                    case FileSummary():
                        summary = piece
                    case _:
                        await asyncio.to_thread(batches.append, piece)
        if summary is None:
            raise AttemptFailure("PARSER_BROKEN", "The parser ended without a word.")
        return summary


def _header(context: JobContext, summary: FileSummary) -> bytes:
    header = CommitListensRequest.Header(
        job_id=context.lease.job_id,
        token=context.lease.token,
        format=summary.format,
        source=SOURCES[summary.source],
        row_count=summary.play_count,
        merged_count=summary.merged_rows,
        rejections=[RejectionCount(reason=reason, count=count) for reason, count in summary.rejections.items()],
        rejected_rows=[RejectedRow(row=rejected.row, reason=rejected.reason) for rejected in summary.rejected_rows],
    )
    return CommitListensRequest(header=header).SerializeToString()


async def _requests(header: bytes, batches: FrameSpool) -> AsyncGenerator[bytes, None]:
    yield header
    waiting = batches.frames()
    while (batch := await asyncio.to_thread(next, waiting, None)) is not None:
        yield batch
