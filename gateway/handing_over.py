"""From files in a spool to an upload at the coordinator."""

from __future__ import annotations

import asyncio

from coordinator_client.uploads import UploadClient
from gateway.intakes import RefusedFile, TakenFile
from gateway.receiving import Received
from gateway.spool import Spool
from protos.uploads.v1 import upload_pb2
from protos.uploads.v1.upload_service_pb2 import AppendFileRequest, CreateUploadRequest, EnqueueUploadRequest

CHUNK_BYTES = 1024 * 1024


async def hand_over(
    uploads: UploadClient, owner: str, received: Received, *, archive: bool, idempotency_key: str
) -> str:
    """Stores the files that were taken and enqueues them; the id of the upload that stands.

    That is an earlier one where the key came with the same content before. Raises CoordinatorError; what was
    stored until then is never enqueued, and the coordinator removes it.
    """
    name = received.taken[0].filename
    created = await uploads.create_upload(CreateUploadRequest(owner=owner, filename=name))
    for index, file in enumerate(received.taken):
        start = AppendFileRequest(
            owner=owner,
            upload_id=created.upload_id,
            file_index=index,
            filename=file.filename,
            archive=archive,
        )
        await _append(uploads, start, received.spool, file)
    request = EnqueueUploadRequest(
        owner=owner,
        upload_id=created.upload_id,
        idempotency_key=idempotency_key,
        content_hash=received.content_hash,
        refusals=[_refusal(refused) for refused in received.refused],
    )
    return (await uploads.enqueue_upload(request)).upload_id


async def _append(uploads: UploadClient, start: AppendFileRequest, spool: Spool, file: TakenFile) -> None:
    for offset in range(0, file.size, CHUNK_BYTES):
        size = min(CHUNK_BYTES, file.size - offset)
        content = await asyncio.to_thread(spool.read, file.start + offset, size)
        # A message each: one that is used again keeps every content that it ever had.
        request = AppendFileRequest(offset=offset, content=content)
        request.MergeFrom(start)
        await uploads.append_file(request)


def _refusal(refused: RefusedFile) -> upload_pb2.FileRefusal:
    return upload_pb2.FileRefusal(filename=refused.filename, reason=refused.reason, message=refused.message)
