"""The routes of uploads: files in, progress out."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response

from coordinator_client.errors import CoordinatorError
from coordinator_client.uploads import UploadClient
from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.handing_over import hand_over
from gateway.idempotency import IdempotencyKey
from gateway.intakes import ArchiveIntake, JsonIntake
from gateway.openapi import form_of, problems
from gateway.problems import refusal
from gateway.receiving import receive
from gateway.upload_ids import UploadId
from gateway.upload_replies import accepted_archive, accepted_files, no_usable_file, refused_archive
from gateway.upload_views import (
    CancelAccepted,
    RetryAccepted,
    UploadAccepted,
    UploadPage,
    UploadView,
    summary_view,
    upload_view,
)
from gateway.watching import follow_upload
from protos.uploads.v1.upload_pb2 import UPLOAD_STATUS_UNPACKING, Upload
from protos.uploads.v1.upload_service_pb2 import (
    CancelUploadRequest,
    DeleteUploadRequest,
    GetUploadRequest,
    ListUploadsRequest,
    RetryUploadRequest,
)

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

_log = structlog.get_logger("gateway.uploads")

_INCOMING = problems(400, 401, 409, 413, 415, 429, 503)


@router.post("/json", status_code=202, responses=_INCOMING, openapi_extra=form_of("files", several=True))
async def upload_files(
    request: Request, caller: Caller, key: IdempotencyKey, coordinator: Coordinator
) -> UploadAccepted:
    """Takes export files in, plain or compressed with gzip, and answers when they are stored for a worker.

    A file that cannot be a history is named with its reason, and the others go on.
    """
    settings = request.app.state.settings
    async with receive(request, field="files", kind=JsonIntake, settings=settings) as received:
        if not received.taken:
            raise no_usable_file(received.refused)
        upload_id = await hand_over(coordinator.uploads, caller.id, received, archive=False, idempotency_key=key)
    return accepted_files(upload_id, received)


@router.post("/zip", status_code=202, responses=_INCOMING, openapi_extra=form_of("file", several=False))
async def upload_archive(
    request: Request, caller: Caller, key: IdempotencyKey, coordinator: Coordinator
) -> UploadAccepted:
    """Takes a ZIP in, as the music service gave it, and waits a little for a worker to open it.

    A large one is answered before it was opened: totalFiles is null and status unpacking.
    """
    settings = request.app.state.settings
    async with receive(request, field="file", kind=ArchiveIntake, settings=settings) as received:
        if len(received.taken) + len(received.refused) > 1:
            raise refusal("INVALID_REQUEST", "Send one archive at a time.", field="file", limit=1)
        if received.refused:
            raise refused_archive(received.refused[0])
        upload_id = await hand_over(coordinator.uploads, caller.id, received, archive=True, idempotency_key=key)
    upload = await _opened(coordinator.uploads, caller.id, upload_id, settings.zip_wait_seconds)
    return accepted_archive(upload_id, upload)


async def _opened(uploads: UploadClient, owner: str, upload_id: str, seconds: float) -> Upload | None:
    """Waits until the archive was opened; what is known of the upload when it is, or when the time is over.

    The upload is stored by now, so nothing that goes wrong here may look as if it were not.
    """
    latest = None
    try:
        async with asyncio.timeout(seconds), aclosing(follow_upload(uploads, owner, upload_id)) as states:
            async for latest in states:
                if latest.status != UPLOAD_STATUS_UNPACKING:
                    break
    except TimeoutError:
        pass
    except CoordinatorError as error:
        _log.warning("could not wait for an archive", reason=error.reason)
    return latest


@router.get("", responses=problems(400, 401, 422, 503))
async def list_uploads(
    caller: Caller,
    coordinator: Coordinator,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=1000, description="nextCursor of the page before.")] = "",
) -> UploadPage:
    """Lists the caller's uploads, newest first, without their files."""
    request = ListUploadsRequest(owner=caller.id, page_size=limit, page_token=cursor)
    page = await coordinator.uploads.list_uploads(request)
    return UploadPage(items=[summary_view(upload) for upload in page.uploads], next_cursor=page.next_page_token or None)


@router.get("/{upload_id}/status", responses=problems(401, 404, 503))
async def upload_status(caller: Caller, upload_id: UploadId, coordinator: Coordinator) -> UploadView:
    """Tells how far an upload and each of its files are."""
    answer = await coordinator.uploads.get_upload(GetUploadRequest(owner=caller.id, upload_id=upload_id))
    return upload_view(answer.upload)


@router.post("/{upload_id}/retry", status_code=202, responses=problems(400, 401, 404, 410, 503))
async def retry_upload(
    caller: Caller, upload_id: UploadId, key: IdempotencyKey, coordinator: Coordinator
) -> RetryAccepted:
    """Tries the failed files of an upload again. Where none is left to try, the answer is 0."""
    request = RetryUploadRequest(owner=caller.id, upload_id=upload_id, idempotency_key=key)
    answer = await coordinator.uploads.retry_upload(request)
    return RetryAccepted(retried_files=answer.retried_files)


@router.post("/{upload_id}/cancel", responses=problems(400, 401, 404, 429, 503))
async def cancel_upload(
    caller: Caller, upload_id: UploadId, _key: IdempotencyKey, coordinator: Coordinator
) -> CancelAccepted:
    """Ends the files of an upload that have not ended. Plays already stored stay; a repeat answers the same."""
    answer = await coordinator.uploads.cancel_upload(CancelUploadRequest(owner=caller.id, upload_id=upload_id))
    return CancelAccepted(cancelled_files=answer.cancelled_files, kept_plays=answer.kept_plays)


@router.delete("/{upload_id}", status_code=204, response_class=Response, responses=problems(401, 404, 409, 503))
async def delete_upload(caller: Caller, upload_id: UploadId, coordinator: Coordinator) -> Response:
    """Removes an upload that has left no play and of which nothing is under way; any other is refused."""
    await coordinator.uploads.delete_upload(DeleteUploadRequest(owner=caller.id, upload_id=upload_id))
    return Response(status_code=204)
