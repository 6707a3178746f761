"""The worker: the client's runtime with the two handlers of queue "ingest"."""

from __future__ import annotations

import structlog

from coordinator_client.channel import open_channel
from coordinator_client.worker import WorkerRuntime
from export_formats import ArchiveLimits
from ingest_worker import ingest, unpack
from ingest_worker.parser_pool import ParserPool
from ingest_worker.settings import Settings

QUEUE = "ingest"

log = structlog.get_logger(__name__)


async def work(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT."""
    pool = ParserPool(settings.parse_processes, settings.worker_parser_bytes)
    log.info("worker_started", worker=settings.worker_name, coordinator=settings.coordinator_target)
    try:
        await worker_runtime(settings, pool).run()
    finally:
        pool.close()


def worker_runtime(settings: Settings, pool: ParserPool) -> WorkerRuntime:
    """The runtime as the settings want it."""
    token = settings.service_token.get_secret_value() if settings.service_token else None
    limits = ArchiveLimits(
        files=settings.upload_files,
        file_bytes=settings.file_bytes,
        total_bytes=settings.upload_bytes,
        members=settings.archive_members,
    )
    return WorkerRuntime(
        lambda: open_channel(settings.coordinator_target, token=token),
        worker=settings.worker_name,
        queues=[QUEUE],
        handlers={
            ingest.KIND: ingest.IngestHandler(pool, settings.file_bytes),
            unpack.KIND: unpack.UnpackHandler(pool, settings.upload_bytes, limits),
        },
        concurrency=settings.worker_concurrency,
        max_bytes=settings.worker_held_bytes,
        grace_seconds=settings.worker_grace_seconds,
    )
