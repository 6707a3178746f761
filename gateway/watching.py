"""Following an upload over everything that interrupts a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from coordinator_client.backoff import Backoff
from coordinator_client.errors import Draining, Unavailable
from coordinator_client.uploads import UploadClient
from gateway.upload_views import ENDED
from protos.uploads.v1.upload_pb2 import Upload
from protos.uploads.v1.upload_service_pb2 import WatchUploadRequest

_MOST_FAILURES = 5
_BACKOFF = Backoff()


async def follow_upload(uploads: UploadClient, owner: str, upload_id: str) -> AsyncGenerator[Upload, None]:
    """Yields the upload as it is, then whenever it has changed; ends after its terminal state.

    Watches again where a coordinator left or was away for a moment, so that a state may come twice.

    Raises:
        CoordinatorError: UploadNotFound; Unavailable after five failures in a row.
    """
    failures = 0
    request = WatchUploadRequest(owner=owner, upload_id=upload_id)
    while True:
        try:
            async with aclosing(uploads.watch_upload(request)) as answers:
                async for answer in answers:
                    failures = 0
                    yield answer.upload
                    if answer.upload.status in ENDED:
                        return
            raise Draining("the stream ended before the upload did")
        except Unavailable as error:
            failures += 1
            if failures == _MOST_FAILURES:
                raise
            pause = _BACKOFF.seconds(failures, error.retry_after)
        await asyncio.sleep(pause)
