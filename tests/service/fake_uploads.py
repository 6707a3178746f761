"""A coordinator that keeps uploads in memory and does what a test tells it: for the gateway's tests."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from protos.listens.v1 import listen_service_pb2, listen_service_pb2_grpc
from protos.uploads.v1 import upload_pb2, upload_service_pb2, upload_service_pb2_grpc

ENDED = {upload_pb2.UPLOAD_STATUS_COMPLETED, upload_pb2.UPLOAD_STATUS_FAILED, upload_pb2.UPLOAD_STATUS_CANCELLED}


@dataclass(frozen=True)
class Refusal:
    """How the next call of a method is refused."""

    status: grpc.StatusCode
    reason: str
    message: str = "No."
    metadata: dict[str, str] = field(default_factory=dict)
    retry_after_seconds: int = 0


class FakeCoordinator(upload_service_pb2_grpc.UploadServiceServicer, listen_service_pb2_grpc.ListenServiceServicer):
    """Remembers every call; answers as the contract says, unless `refusals` has something for the method."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.tokens: set[str] = set()
        self.refusals: dict[str, list[Refusal]] = {}
        self.uploads: dict[str, upload_pb2.Upload] = {}
        self.owners: dict[str, str] = {}
        self.contents: dict[str, dict[int, bytearray]] = {}
        self.answers: dict[str, Message] = {}
        self.open_watches = 0
        # What an export sends, and how it is cut.
        self.export: Iterable[listen_service_pb2.ExportListensResponse | Refusal] = ()
        self.exported_messages = 0
        self.open_exports = 0
        self._keys: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._changed = asyncio.Condition()
        self._watches_to_cut = 0

    def requests_of(self, method: str) -> list[Any]:
        return [request for name, request in self.calls if name == method]

    def add_upload(self, owner: str, **fields: Any) -> str:
        """Makes an upload that was enqueued before; its id."""
        upload = upload_pb2.Upload(id=str(uuid.uuid4()), **fields)
        upload.created_at.GetCurrentTime()
        upload.updated_at.GetCurrentTime()
        self.uploads[upload.id], self.owners[upload.id] = upload, owner
        return upload.id

    async def change(self, upload_id: str, **fields: Any) -> None:
        """Changes an upload, so that whoever watches it is told."""
        async with self._changed:
            upload = self.uploads[upload_id]
            upload.MergeFrom(upload_pb2.Upload(**fields))
            upload.updated_at.GetCurrentTime()
            self._changed.notify_all()

    async def cut_watches(self) -> None:
        """Ends every open watch with DRAINING."""
        async with self._changed:
            self._watches_to_cut = self.open_watches
            self._changed.notify_all()

    async def CreateUpload(self, request: Any, context: Any) -> upload_service_pb2.CreateUploadResponse:  # noqa: N802
        await self._begin("CreateUpload", request, context)
        upload_id = self.add_upload(request.owner, filename=request.filename, status=upload_pb2.UPLOAD_STATUS_UPLOADING)
        self.contents[upload_id] = {}
        return upload_service_pb2.CreateUploadResponse(upload_id=upload_id)

    async def AppendFile(self, request: Any, context: Any) -> upload_service_pb2.AppendFileResponse:  # noqa: N802
        await self._begin("AppendFile", request, context)
        await self._owned(request, context)
        content = self.contents[request.upload_id].setdefault(request.file_index, bytearray())
        assert request.offset == len(content)
        content += request.content
        return upload_service_pb2.AppendFileResponse(size=len(content))

    async def EnqueueUpload(self, request: Any, context: Any) -> upload_service_pb2.EnqueueUploadResponse:  # noqa: N802
        await self._begin("EnqueueUpload", request, context)
        upload = await self._owned(request, context)
        if request.idempotency_key:
            key = (request.owner, request.idempotency_key)
            content_hash, first = self._keys.setdefault(key, (request.content_hash, upload.id))
            if content_hash != request.content_hash:
                await abort(context, Refusal(grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED"))
            if first != upload.id:
                return upload_service_pb2.EnqueueUploadResponse(upload_id=first, repeated_request=True)
        is_archive = self.requests_of("AppendFile")[-1].archive
        upload.refusals.extend(request.refusals)
        upload.status = upload_pb2.UPLOAD_STATUS_UNPACKING if is_archive else upload_pb2.UPLOAD_STATUS_PENDING
        if not is_archive:
            upload.total_files = len(self.contents[upload.id])
        return upload_service_pb2.EnqueueUploadResponse(upload_id=upload.id)

    async def GetUpload(self, request: Any, context: Any) -> upload_service_pb2.GetUploadResponse:  # noqa: N802
        await self._begin("GetUpload", request, context)
        return upload_service_pb2.GetUploadResponse(upload=await self._owned(request, context))

    async def ListUploads(self, request: Any, context: Any) -> upload_service_pb2.ListUploadsResponse:  # noqa: N802
        await self._begin("ListUploads", request, context)
        mine = [upload for key, upload in self.uploads.items() if self.owners[key] == request.owner]
        start = int(request.page_token or 0)
        end = start + request.page_size
        return upload_service_pb2.ListUploadsResponse(
            uploads=mine[start:end], next_page_token=str(end) if end < len(mine) else ""
        )

    async def RetryUpload(self, request: Any, context: Any) -> upload_service_pb2.RetryUploadResponse:  # noqa: N802
        await self._begin("RetryUpload", request, context)
        upload = await self._owned(request, context)
        return upload_service_pb2.RetryUploadResponse(retried_files=upload.failed_files)

    async def GetIncoming(self, request: Any, context: Any) -> upload_service_pb2.GetIncomingResponse:  # noqa: N802
        await self._begin("GetIncoming", request, context)
        upload = await self._owned(request, context)
        return upload_service_pb2.GetIncomingResponse(filename=upload.filename)

    async def CancelUpload(self, request: Any, context: Any) -> upload_service_pb2.CancelUploadResponse:  # noqa: N802
        await self._begin("CancelUpload", request, context)
        await self._owned(request, context)
        return upload_service_pb2.CancelUploadResponse()

    async def DeleteUpload(self, request: Any, context: Any) -> upload_service_pb2.DeleteUploadResponse:  # noqa: N802
        await self._begin("DeleteUpload", request, context)
        await self._owned(request, context)
        return upload_service_pb2.DeleteUploadResponse()

    async def WatchUpload(  # noqa: N802
        self, request: Any, context: Any
    ) -> AsyncIterator[upload_service_pb2.WatchUploadResponse]:
        await self._begin("WatchUpload", request, context)
        upload = await self._owned(request, context)
        self.open_watches += 1
        try:
            seen = None
            while upload.status not in ENDED or seen is None:
                async with self._changed:
                    await self._changed.wait_for(
                        lambda: seen != upload.updated_at.ToNanoseconds() or self._watches_to_cut  # noqa: B023
                    )
                if self._watches_to_cut:
                    self._watches_to_cut -= 1
                    await abort(context, Refusal(grpc.StatusCode.UNAVAILABLE, "DRAINING"))
                seen = upload.updated_at.ToNanoseconds()
                yield upload_service_pb2.WatchUploadResponse(upload=upload)
        finally:
            self.open_watches -= 1

    async def GetOverview(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("GetOverview", request, context, listen_service_pb2.GetOverviewResponse())

    async def ListSources(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("ListSources", request, context, listen_service_pb2.ListSourcesResponse())

    async def ListTop(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("ListTop", request, context, listen_service_pb2.ListTopResponse())

    async def GetTimeline(self, request: Any, context: Any) -> Any:  # noqa: N802
        empty = listen_service_pb2.GetTimelineResponse(bucket=listen_service_pb2.BUCKET_DAY)
        return await self._answer("GetTimeline", request, context, empty)

    async def DeleteUserData(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("DeleteUserData", request, context, listen_service_pb2.DeleteUserDataResponse())

    async def GetListeningClock(self, request: Any, context: Any) -> Any:  # noqa: N802
        hours = [listen_service_pb2.ListeningHour()] * 168
        empty = listen_service_pb2.GetListeningClockResponse(hours=hours)
        return await self._answer("GetListeningClock", request, context, empty)

    async def GetDiscoveries(self, request: Any, context: Any) -> Any:  # noqa: N802
        empty = listen_service_pb2.GetDiscoveriesResponse(bucket=listen_service_pb2.BUCKET_DAY)
        return await self._answer("GetDiscoveries", request, context, empty)

    async def GetListeningSessions(self, request: Any, context: Any) -> Any:  # noqa: N802
        empty = listen_service_pb2.GetListeningSessionsResponse()
        return await self._answer("GetListeningSessions", request, context, empty)

    async def GetListeningHabits(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer(
            "GetListeningHabits", request, context, listen_service_pb2.GetListeningHabitsResponse()
        )

    async def ListListens(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._answer("ListListens", request, context, listen_service_pb2.ListListensResponse())

    async def ExportListens(  # noqa: N802
        self, request: Any, context: Any
    ) -> AsyncIterator[listen_service_pb2.ExportListensResponse]:
        await self._begin("ExportListens", request, context)
        self.open_exports += 1
        try:
            for piece in self.export:
                if isinstance(piece, Refusal):
                    await abort(context, piece)
                else:
                    self.exported_messages += 1
                    yield piece
        finally:
            self.open_exports -= 1

    async def AddFiles(self, request_iterator: Any, context: Any) -> NoReturn:  # noqa: N802
        raise AssertionError("the gateway is no worker")

    async def CommitListens(self, request_iterator: Any, context: Any) -> NoReturn:  # noqa: N802
        raise AssertionError("the gateway is no worker")

    async def _answer(self, method: str, request: Any, context: Any, default: Message) -> Message:
        await self._begin(method, request, context)
        return self.answers.get(method, default)

    async def _begin(self, method: str, request: Any, context: Any) -> None:
        copy = type(request)()
        copy.CopyFrom(request)
        self.calls.append((method, copy))
        self.tokens.update(str(value) for name, value in context.invocation_metadata() if name == "authorization")
        if self.refusals.get(method):
            await abort(context, self.refusals[method].pop(0))

    async def _owned(self, request: Any, context: Any) -> upload_pb2.Upload:
        if self.owners.get(request.upload_id) != request.owner:
            await abort(context, Refusal(grpc.StatusCode.NOT_FOUND, "UPLOAD_NOT_FOUND"))
        return self.uploads[request.upload_id]


async def abort(context: Any, refusal: Refusal) -> NoReturn:
    """Ends a call as the coordinator's interceptor does."""
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain="sluice", metadata=refusal.metadata)
    details: list[Message] = [info]
    if refusal.retry_after_seconds:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(refusal.retry_after_seconds)
        details.append(retry)
    status = status_pb2.Status(code=refusal.status.value[0], message=refusal.message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    trailers = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(refusal.status, refusal.message, trailers)
    raise AssertionError("abort returned")


@asynccontextmanager
async def fake_coordinator() -> AsyncIterator[tuple[FakeCoordinator, str]]:
    """Serves a fake coordinator; gives it and its address."""
    fake = FakeCoordinator()
    server = grpc.aio.server()
    upload_service_pb2_grpc.add_UploadServiceServicer_to_server(fake, server)
    listen_service_pb2_grpc.add_ListenServiceServicer_to_server(fake, server)
    health_servicer = health.aio.HealthServicer()
    await health_servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield fake, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
