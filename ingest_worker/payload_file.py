"""The content of a job's file, on this machine for as long as the job needs it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import BinaryIO

from coordinator_client.errors import ContentExpired
from coordinator_client.job_context import JobContext
from coordinator_client.outcomes import PermanentFailure


@asynccontextmanager
async def payload_file(context: JobContext, limit_bytes: int) -> AsyncIterator[BinaryIO]:
    """Gives the job's file as one without a name: it is gone with this process, however that ends.

    Raises:
        PermanentFailure: TOO_LARGE beyond the limit; CONTENT_EXPIRED where the content was removed.
    """
    with tempfile.TemporaryFile() as file:
        try:
            await _download(context, file, limit_bytes)
        except ContentExpired as error:
            message = "The file's content was removed. Upload the file again."
            raise PermanentFailure("CONTENT_EXPIRED", message) from error
        yield file


async def _download(context: JobContext, file: BinaryIO, limit_bytes: int) -> None:
    size = 0
    async with aclosing(context.read_payload()) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                message = f"The file has more than {limit_bytes:,} bytes, which is the limit."
                raise PermanentFailure("TOO_LARGE", message)
            await asyncio.to_thread(file.write, chunk)
    await asyncio.to_thread(file.flush)
