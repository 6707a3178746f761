"""The handler of one export file: read it, parse it, commit its plays."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from coordinator_client.job_context import JobContext
from coordinator_client.listens import ListenClient
from coordinator_client.outcomes import Ended
from coordinator_client.patience import until_answered
from ingest_worker.parser_pool import ParserPool
from ingest_worker.parsing import FileFigures, parse_file
from ingest_worker.payload_file import payload_file
from ingest_worker.verdicts import verdicts_are_final
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from protos.uploads.v1.upload_pb2 import FilePayload, RejectionCount

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
        with verdicts_are_final():
            figures, batches = await self._parse(context)
            header = _header(context, figures)
            listens = ListenClient(context.channel)
            # Where the coordinator is busy or away, the same commit waits its turn and no attempt is spent.
            await until_answered(lambda: listens.commit_listens(_requests(header, batches)))
        log.info("committed", job_id=context.job_id, format=figures.format, rows=figures.row_count)
        return Ended.ALREADY

    async def _parse(self, context: JobContext) -> tuple[FileFigures, list[bytes]]:
        filename = FilePayload.FromString(context.payload).filename
        async with (
            payload_file(context, self._file_limit_bytes) as file,
            self._pool.process() as process,
            aclosing(process.run(parse_file, file, filename)) as pieces,
        ):
            figures: FileFigures = await anext(pieces)
            return figures, [batch async for batch in pieces]


def _header(context: JobContext, figures: FileFigures) -> bytes:
    header = CommitListensRequest.Header(
        job_id=context.lease.job_id,
        token=context.lease.token,
        format=figures.format,
        source=SOURCES[figures.source],
        row_count=figures.row_count,
        merged_count=figures.merged_count,
        rejections=[RejectionCount(reason=reason, count=count) for reason, count in figures.rejections.items()],
    )
    return CommitListensRequest(header=header).SerializeToString()


async def _requests(header: bytes, batches: list[bytes]) -> AsyncGenerator[bytes, None]:
    yield header
    for batch in batches:
        yield batch
