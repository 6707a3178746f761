"""Short ways of uploading files in tests, as the gateway does it."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import grpc.aio

from protos.jobs.v1 import worker_service_pb2, worker_service_pb2_grpc
from protos.uploads.v1 import upload_pb2, upload_service_pb2, upload_service_pb2_grpc
from tests.service.claim_stream import ClaimStream, leased

INGEST = ("ingest", "unpack")


def stub(channel: grpc.aio.Channel) -> Any:
    return upload_service_pb2_grpc.UploadServiceStub(channel)


def new_user() -> str:
    return str(uuid4())


async def create(channel: grpc.aio.Channel, owner: str, filename: str = "history.json", **fields: Any) -> str:
    """Opens an upload and returns its id."""
    request = upload_service_pb2.CreateUploadRequest(owner=owner, filename=filename, **fields)
    return str((await stub(channel).CreateUpload(request)).upload_id)


async def append(channel: grpc.aio.Channel, owner: str, upload_id: str, content: bytes, **fields: Any) -> int:
    """Appends a chunk and returns the file's size."""
    chosen = {"filename": "history.json", **fields}
    request = upload_service_pb2.AppendFileRequest(owner=owner, upload_id=upload_id, content=content, **chosen)
    return int((await stub(channel).AppendFile(request)).size)


async def enqueue_upload(
    channel: grpc.aio.Channel, owner: str, upload_id: str, *, key: str = "", content: bytes = b""
) -> str:
    """Enqueues an upload and returns the id of the one that stands."""
    request = upload_service_pb2.EnqueueUploadRequest(
        owner=owner, upload_id=upload_id, idempotency_key=key, content_hash=hashlib.sha256(content).digest()
    )
    return str((await stub(channel).EnqueueUpload(request)).upload_id)


async def upload(channel: grpc.aio.Channel, owner: str, *files: bytes, archive: bool = False) -> str:
    """Uploads small files and enqueues them; returns the upload's id."""
    upload_id = await create(channel, owner)
    for index, content in enumerate(files):
        name = f"file{index}.json"
        await append(channel, owner, upload_id, content, file_index=index, filename=name, archive=archive)
    return await enqueue_upload(channel, owner, upload_id)


async def get_upload(channel: grpc.aio.Channel, owner: str, upload_id: str) -> upload_pb2.Upload:
    """Reads an upload."""
    request = upload_service_pb2.GetUploadRequest(owner=owner, upload_id=upload_id)
    response: upload_service_pb2.GetUploadResponse = await stub(channel).GetUpload(request)
    return response.upload


async def incoming(channel: grpc.aio.Channel, owner: str, upload_id: str) -> upload_service_pb2.GetIncomingResponse:
    """Reads how much of an upload is there."""
    request = upload_service_pb2.GetIncomingRequest(owner=owner, upload_id=upload_id)
    response: upload_service_pb2.GetIncomingResponse = await stub(channel).GetIncoming(request)
    return response


async def cancel_upload(channel: grpc.aio.Channel, owner: str, upload_id: str) -> tuple[int, int]:
    """Cancels an upload; returns how many files are cancelled and how many plays stay."""
    request = upload_service_pb2.CancelUploadRequest(owner=owner, upload_id=upload_id)
    response = await stub(channel).CancelUpload(request)
    return response.cancelled_files, response.kept_plays


async def delete_upload(channel: grpc.aio.Channel, owner: str, upload_id: str) -> None:
    """Removes an upload."""
    await stub(channel).DeleteUpload(upload_service_pb2.DeleteUploadRequest(owner=owner, upload_id=upload_id))


async def one_lease(stream: ClaimStream, total: int = 1, ended: int = 0) -> tuple[UUID, int]:
    """Asks for one more job and returns its lease."""
    await stream.grant(total, ended=ended)
    (lease,) = leased(await stream.jobs())
    return lease


async def read_payload(channel: grpc.aio.Channel, lease: tuple[UUID, int], offset: int = 0) -> bytes:
    """Reads the bytes of the file that a leased job is about."""
    request = worker_service_pb2.ReadPayloadRequest(job_id=lease[0].bytes, token=lease[1], offset=offset)
    call = worker_service_pb2_grpc.WorkerServiceStub(channel).ReadPayload(request)
    return b"".join([response.content async for response in call])


def as_uuid(text: str) -> UUID:
    return UUID(text)
