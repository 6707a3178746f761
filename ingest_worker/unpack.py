"""The handler of one archive: open it, send its histories back as files of the upload."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import BinaryIO

import structlog

from coordinator_client.job_context import JobContext
from coordinator_client.leases import Lease
from coordinator_client.outcomes import Ended
from coordinator_client.patience import until_answered
from coordinator_client.uploads import UploadClient
from export_formats import ArchiveLimits
from ingest_worker.isolated_process import IsolatedProcess
from ingest_worker.parser_pool import ParserPool
from ingest_worker.payload_file import payload_file
from ingest_worker.unpacking import ArchiveFigures, unpack_archive
from ingest_worker.verdicts import verdicts_are_final
from protos.uploads.v1.upload_pb2 import FilePayload, FileRefusal
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest

KIND = "unpack"

log = structlog.get_logger(__name__)


class UnpackHandler:
    """Opens archives: adding the files makes their jobs and ends this one, in one transaction of the coordinator's."""

    def __init__(self, pool: ParserPool, archive_limit_bytes: int, limits: ArchiveLimits) -> None:
        self._pool = pool
        self._archive_limit_bytes = archive_limit_bytes
        self._limits = limits

    async def __call__(self, context: JobContext) -> Ended:
        """Handles one job."""
        uploads = UploadClient(context.channel)
        with verdicts_are_final():
            async with payload_file(context, self._archive_limit_bytes) as file, self._pool.process() as process:
                # Nothing of the archive is kept: a commit that has to be repeated reads it again.
                await until_answered(lambda: uploads.add_files(self._requests(context, process, file)))
        log.info("unpacked", job_id=context.job_id)
        return Ended.ALREADY

    async def _requests(
        self, context: JobContext, process: IsolatedProcess, file: BinaryIO
    ) -> AsyncGenerator[bytes, None]:
        filename = FilePayload.FromString(context.payload).filename
        async with aclosing(process.run(unpack_archive, file, filename, self._limits)) as pieces:
            yield _header(context.lease, await anext(pieces))
            async for request in pieces:
                yield request


def _header(lease: Lease, figures: ArchiveFigures) -> bytes:
    header = AddFilesRequest.Header(
        job_id=lease.job_id,
        token=lease.token,
        skipped_files=figures.skipped_files,
        refusals=[FileRefusal.FromString(refusal) for refusal in figures.refusals],
        member_count=figures.member_count,
    )
    return AddFilesRequest(header=header).SerializeToString()
