"""uploads.v1.UploadService: for the gateway, and for the workers that open archives."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import grpc.aio

from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.domain import Freed, RetryPolicy
from coordinator.ids import parse_id
from coordinator.services.archive_members import ArchiveMembers, MemberPolicy, StepLimits
from coordinator.spool import SpoolRoom
from coordinator.store import appending, incoming, removals, upload_reads, uploads
from coordinator.store.depths import Depths
from coordinator.upload_domain import Chunk, Upload, UploadLimits
from coordinator.wakeups import LEASES_TOPIC, upload_topic, wait_for
from coordinator.wire import uploads as wire
from coordinator.wire.checks import check_range, check_text, check_user, timestamp
from protos.uploads.v1 import upload_pb2, upload_service_pb2, upload_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

# How often a watched upload is read: not more often than the eye can follow, at least once a second.
WATCH_REST_SECONDS = 0.1
WATCH_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class UploadPolicy:
    """What uploads may hold, how their jobs are tried, and how long bytes and archives' members may take to come in."""

    limits: UploadLimits
    retry_policy: RetryPolicy
    deadline_ms: int
    steps: StepLimits = field(default_factory=StepLimits)
    # How long an upload may take to come in.
    incoming_hours: float = 24.0
    # None: no queue is ever full.
    depths: Depths | None = None


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
        background: BackgroundTasks | None = None,
    ) -> None:
        """Makes it ready. What is stored in `background` goes on when its caller has left; a stop waits for it."""
        self._database = database
        self._clocks = clocks
        self._announcer = announcer
        self._policy = policy
        self._check_open = check_open
        self._make_job = partial(wire.file_job, retry_policy=policy.retry_policy, deadline_ms=policy.deadline_ms)
        members = MemberPolicy(policy.limits, policy.steps, self._make_job)
        self._archives = ArchiveMembers(
            database, clocks, self._tell_stored, members, room, gate, background or BackgroundTasks()
        )

    async def CreateUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.CreateUploadRequest, context: Context
    ) -> upload_service_pb2.CreateUploadResponse:
        """Opens an empty upload."""
        new = wire.new_upload(request, self._policy.limits)
        key = check_text(request.idempotency_key, "idempotency_key", longest=200, shortest=0)
        created = await incoming.create_upload(
            self._database, new, self._policy.incoming_hours, key=key, request_hash=wire.creation_hash(new)
        )
        return upload_service_pb2.CreateUploadResponse(
            upload_id=str(created.id), expires_at=timestamp(created.expires_at), repeated_request=created.repeated
        )

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
        size = await appending.append_file(self._database, chunk, limits, self._policy.incoming_hours)
        return upload_service_pb2.AppendFileResponse(size=size)

    async def EnqueueUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.EnqueueUploadRequest, context: Context
    ) -> upload_service_pb2.EnqueueUploadResponse:
        """Makes the jobs, one a file, in the transaction that records the upload."""
        user_id = check_user(request.owner)
        enqueued = await uploads.enqueue_upload(
            self._database,
            self._clocks,
            uploads.ClosingUpload(
                user_id,
                parse_id(request.upload_id, "upload_id"),
                request.idempotency_key,
                wire.content_hash(request),
                wire.file_refusals(request.refusals),
            ),
            partial(self._make_job, user_id),
            self._policy.depths,
        )
        self._announcer.made_pending(enqueued.pending)
        return upload_service_pb2.EnqueueUploadResponse(
            upload_id=str(enqueued.upload_id), repeated_request=enqueued.repeated
        )

    async def GetIncoming(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.GetIncomingRequest, context: Context
    ) -> upload_service_pb2.GetIncomingResponse:
        """Tells how much of an upload's only file is there."""
        user_id, upload_id = check_user(request.owner), parse_id(request.upload_id, "upload_id")
        found = await incoming.get_incoming(self._database, user_id, upload_id, self._policy.incoming_hours)
        return upload_service_pb2.GetIncomingResponse(
            filename=found.filename,
            size=found.size,
            expected_size=found.expected_size,
            expires_at=None if found.enqueued else timestamp(found.expires_at),
            enqueued=found.enqueued,
        )

    async def GetUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.GetUploadRequest, context: Context
    ) -> upload_service_pb2.GetUploadResponse:
        """Reads an upload with its files."""
        upload = await self._read(check_user(request.owner), parse_id(request.upload_id, "upload_id"))
        return upload_service_pb2.GetUploadResponse(upload=_message(upload, len(upload.refusals)))

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
            uploads=[_message(listed.upload, listed.refused_files) for listed in page],
            next_page_token=wire.page_token(page[-1].upload) if len(found) > page_size else "",
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
                    message = _message(upload, len(upload.refusals))
                    yield upload_service_pb2.WatchUploadResponse(upload=message)
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

    async def CancelUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.CancelUploadRequest, context: Context
    ) -> upload_service_pb2.CancelUploadResponse:
        """Ends the open files; whoever works on one is told."""
        user_id, upload_id = check_user(request.owner), parse_id(request.upload_id, "upload_id")
        cancelled = await removals.cancel_upload(self._database, user_id, upload_id, on_freed=self._announcer.freed)
        if any(job.session_id is not None for job in cancelled.ended):
            self._announcer.wake([LEASES_TOPIC])
        self._announcer.wake([upload_topic(upload_id)])
        return upload_service_pb2.CancelUploadResponse(
            cancelled_files=cancelled.cancelled_files, kept_plays=cancelled.kept_plays
        )

    async def DeleteUpload(  # noqa: N802 - the contract's name
        self, request: upload_service_pb2.DeleteUploadRequest, context: Context
    ) -> upload_service_pb2.DeleteUploadResponse:
        """Removes an upload that has left nothing."""
        user_id, upload_id = check_user(request.owner), parse_id(request.upload_id, "upload_id")
        await removals.delete_upload(self._database, user_id, upload_id)
        self._announcer.wake([upload_topic(upload_id)])
        return upload_service_pb2.DeleteUploadResponse()

    async def AddFiles(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[upload_service_pb2.AddFilesRequest], context: Context
    ) -> upload_service_pb2.AddFilesResponse:
        """Stores an archive's members and their jobs and completes the unpack job."""
        await self._archives.receive(request_iterator)
        return upload_service_pb2.AddFilesResponse()

    def _tell_stored(self, upload_id: UUID, freed: Freed) -> None:
        self._announcer.freed(freed)
        self._announcer.wake([upload_topic(upload_id)])

    async def _read(self, user_id: UUID, upload_id: UUID) -> Upload:
        return await upload_reads.get_upload(self._database, user_id, upload_id)


def _message(upload: Upload, refused_files: int) -> upload_pb2.Upload:
    message = wire.upload_message(upload)
    message.refused_files = refused_files
    return message
