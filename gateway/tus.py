"""The routes of tus 1.0: one upload of one file that comes in pieces, and goes on where a connection was lost.

Core, creation, expiration, checksum and termination (https://tus.io/protocols/resumable-upload, version 1.0.0).
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coordinator_client.errors import InvalidRequest
from coordinator_client.uploads import UploadClient
from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.idempotency import IdempotencyKey
from gateway.incoming_pieces import IncomingFile, PieceWriter
from gateway.openapi import bytes_of, problems
from gateway.problems import Problem, refusal
from gateway.settings import Settings
from gateway.tus_headers import (
    CHECKSUM_ALGORITHMS,
    Filename,
    UploadChecksum,
    UploadLength,
    UploadOffset,
    write_metadata,
    write_moment,
)
from gateway.tus_layer import TUS_PATH, TUS_VERSION
from gateway.upload_ids import UploadId
from gateway.upload_views import moment
from protos.uploads.v1.upload_service_pb2 import (
    CreateUploadRequest,
    CreateUploadResponse,
    DeleteUploadRequest,
    EnqueueUploadRequest,
    GetIncomingRequest,
    GetIncomingResponse,
)

MEDIA_TYPE = "application/offset+octet-stream"
_EXTENSIONS = "creation,expiration,checksum,termination"

router = APIRouter(prefix=TUS_PATH, tags=["resumable uploads"])


@router.options("", status_code=204, responses=problems(401))
async def tell_tus(request: Request, _caller: Caller) -> Response:
    """Tells which version of the protocol and which extensions are spoken here."""
    settings: Settings = request.app.state.settings
    return _answer(
        204,
        {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": _EXTENSIONS,
            "Tus-Max-Size": str(settings.upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
        },
    )


@router.post("", status_code=201, response_class=Response, responses=problems(400, 401, 409, 412, 413, 429, 503))
async def begin_tus_upload(
    request: Request,
    caller: Caller,
    length: UploadLength,
    filename: Filename,
    key: IdempotencyKey,
    coordinator: Coordinator,
) -> Response:
    """Begins an upload of so many bytes; Location is where its pieces go. It may be a ZIP or an export file."""
    _check_length(length, request.app.state.settings)
    creation = CreateUploadRequest(owner=caller.id, filename=filename, expected_size=length, idempotency_key=key)
    created = await coordinator.uploads.create_upload(creation)
    return _answer(201, {"Location": f"{TUS_PATH}/{created.upload_id}", **_expiry(created)})


@router.head("/{upload_id}", response_class=Response, responses=problems(401, 404, 410, 412, 503))
async def find_tus_offset(caller: Caller, upload_id: UploadId, coordinator: Coordinator) -> Response:
    """Tells where the pieces of an upload go on."""
    incoming = await _find(coordinator.uploads, caller.id, upload_id)
    # Whoever took the last piece may have been lost before the upload was enqueued.
    await _enqueue_whole(coordinator.uploads, caller.id, upload_id, incoming, incoming.size)
    headers = {
        "Upload-Offset": str(incoming.size),
        "Upload-Length": str(incoming.expected_size),
        "Upload-Metadata": write_metadata(incoming.filename),
        **_expiry(incoming),
    }
    return _answer(200, headers)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=problems(400, 401, 404, 409, 410, 412, 413, 415, 429, 460, 503),
    openapi_extra=bytes_of(MEDIA_TYPE),
)
async def take_tus_piece(
    request: Request,
    caller: Caller,
    upload_id: UploadId,
    offset: UploadOffset,
    checksum: UploadChecksum,
    coordinator: Coordinator,
) -> Response:
    """Takes the next piece of an upload, of any size; with the last one a worker may begin.

    Its bytes are stored as they come: after a lost connection ask by HEAD where to go on.
    """
    _check_body_type(request)
    incoming = await _find(coordinator.uploads, caller.id, upload_id)
    if offset != incoming.size:
        raise _other_offset(offset, incoming)
    file = IncomingFile(caller.id, upload_id, incoming.filename, incoming.expected_size)
    writer = PieceWriter(coordinator.uploads, file, offset)
    writer.check_room(_announced(request))
    try:
        if checksum is None:
            await writer.take(request.stream())
        else:
            await writer.take_verified(request.stream(), checksum)
    except InvalidRequest:
        # Somebody else has stored a piece there, or ended the upload, since it was looked at.
        raise _other_offset(offset, await _find(coordinator.uploads, caller.id, upload_id)) from None
    await _enqueue_whole(coordinator.uploads, caller.id, upload_id, incoming, writer.offset)
    is_whole = writer.offset == incoming.expected_size
    return _answer(204, {"Upload-Offset": str(writer.offset), **({} if is_whole else _expiry(incoming))})


@router.delete("/{upload_id}", status_code=204, response_class=Response, responses=problems(401, 404, 409, 412, 503))
async def end_tus_upload(caller: Caller, upload_id: UploadId, coordinator: Coordinator) -> Response:
    """Removes an upload that is coming in. One that came in goes as by DELETE /api/uploads/{id}, or stays."""
    await coordinator.uploads.delete_upload(DeleteUploadRequest(owner=caller.id, upload_id=upload_id))
    return _answer(204, {})


async def _find(uploads: UploadClient, owner: str, upload_id: str) -> GetIncomingResponse:
    """Reads how far an upload is. Raises the refusal of one that was not begun here."""
    incoming = await uploads.get_incoming(GetIncomingRequest(owner=owner, upload_id=upload_id))
    if not incoming.HasField("expected_size"):
        raise refusal("UPLOAD_NOT_FOUND", "You have no upload of this id that takes pieces.")
    return incoming


async def _enqueue_whole(
    uploads: UploadClient, owner: str, upload_id: str, incoming: GetIncomingResponse, size: int
) -> None:
    if size == incoming.expected_size and not incoming.enqueued:
        await uploads.enqueue_upload(EnqueueUploadRequest(owner=owner, upload_id=upload_id))


def _check_length(length: int, settings: Settings) -> None:
    if length == 0:
        raise refusal(
            "INVALID_REQUEST", "The file is empty. Choose the one that has your history.", field="Upload-Length"
        )
    if length > settings.upload_bytes:
        detail = f"The file has {length} bytes; at most {settings.upload_bytes} are taken."
        raise refusal("PAYLOAD_TOO_LARGE", detail, field="Upload-Length", limit=settings.upload_bytes, value=length)


def _check_body_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != MEDIA_TYPE:
        raise refusal("UNSUPPORTED_MEDIA_TYPE", f"A piece comes as {MEDIA_TYPE}: name that in Content-Type.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refusal("UNSUPPORTED_MEDIA_TYPE", "A piece comes as it is: compress the file, not the request.")


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length[:15]) if length.isdecimal() else 0


def _other_offset(offset: int, incoming: GetIncomingResponse) -> Problem:
    stored = incoming.size
    return refusal(
        "OFFSET_CONFLICT",
        f"Upload-Offset is {offset} and the upload has {stored} bytes: go on from there.",
        field="Upload-Offset",
        limit=stored,
        value=offset,
        headers={"Upload-Offset": str(stored)},
    )


def _expiry(upload: CreateUploadResponse | GetIncomingResponse) -> dict[str, str]:
    if not upload.HasField("expires_at"):
        return {}
    return {"Upload-Expires": write_moment(moment(upload.expires_at))}


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store", **headers})
