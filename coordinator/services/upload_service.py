"""uploads.v1.UploadService: for the gateway, and for the workers that open archives."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import grpc.aio

from coordinator.announcer import Announcer
from coordinator.clocks import VirtualClocks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.domain import INGEST_QUEUE, Lease, RetryPolicy
from coordinator.errors import InvalidRequest
from coordinator.ids import parse_id
from coordinator.spool import Spool, SpoolRoom
from coordinator.store import archives, upload_reads, uploads
from coordinator.unpacking import Unpacking
from coordinator.upload_domain import Chunk, Upload, UploadLimits
from coordinator.wakeups import upload_topic, wait_for
from coordinator.wire import uploads as wire
from coordinator.wire.checks import check_count, check_range, check_text, check_user
from coordinator.wire.jobs import lease as check_lease
from protos.uploads.v1 import upload_service_pb2, upload_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

# How often a watched upload is read: not more often than the eye can follow, at least once a second.
WATCH_REST_SECONDS = 0.1
WATCH_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class UploadPolicy:
    """What uploads may hold and how their jobs are tried."""

    limits: UploadLimits
    retry_policy: RetryPolicy
    deadline_ms: int


class UploadService(upload_service_pb2_grpc.UploadServiceServicer):
    """Takes in people's files and tells how far they are."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        announcer: Announcer,
        room: SpoolRoom,
        gate: CommitGate,
        policy: UploadPolicy,
        check_open: Callable[[], None],
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._room = room
        self._gate = gate
        self._policy = policy
        self._check_open = check_open
        self._make_job = partial(wire.file_job, retry_policy=policy.retry_policy, deadline_ms=policy.deadline_ms)

    async def CreateUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.CreateUploadRequest, context: Context
    ) -> upload_service_pb2.CreateUploadResponse:
        """Opens an empty upload."""
        filename = wire.check_filename(request.filename, "filename")
        upload_id = await uploads.create_upload(self._database, check_user(request.owner), filename)
        return upload_service_pb2.CreateUploadResponse(upload_id=str(upload_id))

    async def AppendFile(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.AppendFileRequest, context: Context
    ) -> upload_service_pb2.AppendFileResponse:
        """Stores a chunk of a file at an offset."""
        limits = self._policy.limits
        wire.check_chunk(request, limits.files)
        chunk = Chunk(
            user_id=check_user(request.owner),
            upload_id=parse_id(request.upload_id, "upload_id"),
            file_index=request.file_index,
            filename=request.filename,
            archive=request.archive,
            offset=request.offset,
            size=len(request.content),
            content=await asyncio.to_thread(zlib.compress, request.content),
        )
        return upload_service_pb2.AppendFileResponse(size=await uploads.append_file(self._database, chunk, limits))

    async def EnqueueUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.EnqueueUploadRequest, context: Context
    ) -> upload_service_pb2.EnqueueUploadResponse:
        """Makes the jobs, one a file, in the transaction that records the upload."""
        user_id = check_user(request.owner)
        enqueued = await uploads.enqueue_upload(
            self._database,
            self._clocks,
            user_id,
            parse_id(request.upload_id, "upload_id"),
            request.idempotency_key,
            wire.content_hash(request),
            wire.file_refusals(request.refusals),
            partial(self._make_job, user_id),
        )
        self._announcer.made_pending(enqueued.pending)
        return upload_service_pb2.EnqueueUploadResponse(
            upload_id=str(enqueued.upload_id), repeated_request=enqueued.repeated
        )

    async def GetUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.GetUploadRequest, context: Context
    ) -> upload_service_pb2.GetUploadResponse:
        """Reads an upload with its files."""
        upload = await self._read(check_user(request.owner), parse_id(request.upload_id, "upload_id"))
        return upload_service_pb2.GetUploadResponse(upload=wire.upload_message(upload))

    async def ListUploads(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.ListUploadsRequest, context: Context
    ) -> upload_service_pb2.ListUploadsResponse:
        """Reads a page of uploads, newest first."""
        page_size = request.page_size or 20
        check_range(page_size, "page_size", 1, 100)
        before = wire.page_key(request.page_token)
        found = await upload_reads.list_uploads(self._database, check_user(request.owner), before, page_size + 1)
        page = found[:page_size]
        return upload_service_pb2.ListUploadsResponse(
            uploads=[wire.upload_message(upload) for upload in page],
            next_page_token=wire.page_token(page[-1]) if len(found) > page_size else "",
        )

    async def WatchUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.WatchUploadRequest, context: Context
    ) -> AsyncGenerator[upload_service_pb2.WatchUploadResponse, None]:
        """Sends the upload as it is and whenever it has changed, until its terminal state."""
        user_id, upload_id = check_user(request.owner), parse_id(request.upload_id, "upload_id")
        sent: Upload | None = None
        with self._announcer.listen([upload_topic(upload_id)]) as changed:
            while True:
                upload = await self._read(user_id, upload_id)
                if upload != sent:
                    yield upload_service_pb2.WatchUploadResponse(upload=wire.upload_message(upload))
                    sent = upload
                if upload.ended:
                    return
                await asyncio.sleep(WATCH_REST_SECONDS)
                await wait_for(changed, WATCH_POLL_SECONDS)
                self._check_open()

    async def RetryUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.RetryUploadRequest, context: Context
    ) -> upload_service_pb2.RetryUploadResponse:
        """Puts the failed files back into the queue."""
        key = check_text(request.idempotency_key, "idempotency_key", longest=200, shortest=0)
        upload_id = parse_id(request.upload_id, "upload_id")
        retried = await uploads.retry_upload(
            self._database, self._clocks, check_user(request.owner), upload_id, key, wire.retry_hash(upload_id)
        )
        self._announcer.made_pending(retried.pending)
        self._announcer.wake([upload_topic(upload_id)])
        return upload_service_pb2.RetryUploadResponse(retried_files=retried.files)

    async def AddFiles(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[upload_service_pb2.AddFilesRequest], context: Context
    ) -> upload_service_pb2.AddFilesResponse:
        """Stores an archive's members and their jobs and completes the unpack job."""
        requests = aiter(request_iterator)
        first = await anext(requests, upload_service_pb2.AddFilesRequest())
        if first.WhichOneof("message") != "header":
            raise InvalidRequest("AddFiles begins with a header.", field="header")
        lease = check_lease(first.header.job_id, first.header.token)
        job = await archives.find_unpack_job(self._database, lease)
        if job is None:  # a repeat
            return upload_service_pb2.AddFilesResponse()
        check_count(first.header.member_count, "member_count", self._policy.limits.files, lowest=0)
        check_range(first.header.skipped_files, "skipped_files", 0, 1_000_000)
        upload_id = await self._gather_and_store(first.header, lease, job, requests)
        self._announcer.wake([INGEST_QUEUE, upload_topic(upload_id)])
        return upload_service_pb2.AddFilesResponse()

    async def _gather_and_store(
        self,
        header: upload_service_pb2.AddFilesRequest.Header,
        lease: Lease,
        job: archives.UnpackJob,
        requests: AsyncIterator[upload_service_pb2.AddFilesRequest],
    ) -> UUID:
        refusals = wire.file_refusals(header.refusals)
        spool = self._room.open(job.user_id)
        try:
            unpacking = Unpacking(spool, self._policy.limits, header.member_count)
            async for request in requests:
                await _take(unpacking, request)
            unpacked = unpacking.finish(header.skipped_files, refusals)
        except BaseException:
            await spool.close()
            raise
        # Begun, it is not left half-known because the worker went away: the task closes the spool.
        return await asyncio.shield(asyncio.create_task(self._store(lease, job, unpacked, spool)))

    async def _store(self, lease: Lease, job: archives.UnpackJob, unpacked: archives.Unpacked, spool: Spool) -> UUID:
        try:
            async with self._gate.turn(job.user_id):
                files = self._policy.limits.files
                return await archives.add_members(
                    self._database, self._clocks, lease, unpacked, spool, self._make_job, files
                )
        finally:
            await spool.close()

    async def _read(self, user_id: UUID, upload_id: UUID) -> Upload:
        return await upload_reads.get_upload(self._database, user_id, upload_id)


async def _take(unpacking: Unpacking, request: upload_service_pb2.AddFilesRequest) -> None:
    match request.WhichOneof("message"):
        case "member":
            unpacking.begin_member(
                wire.check_filename(request.member.filename, "member.filename"),
                check_text(request.member.format, "member.format", longest=64),
            )
        case "chunk":
            wire.check_content(request.chunk, "chunk")
            await unpacking.take_chunk(request.chunk)
        case _:
            raise InvalidRequest("After its header AddFiles takes members and their chunks alone.", field="message")
