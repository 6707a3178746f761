"""AddFiles from the first message to the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.domain import Freed, NewJob
from coordinator.errors import InvalidRequest
from coordinator.services.gathering import next_request
from coordinator.spool import Spool, SpoolRoom
from coordinator.store import archives
from coordinator.store.commits import CommitBounds
from coordinator.unpacking import Unpacking
from coordinator.upload_domain import StoredFile, UploadLimits
from coordinator.wire import uploads as wire
from coordinator.wire.checks import check_count, check_range, check_text
from coordinator.wire.jobs import lease as check_lease
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest

SKIPPED_FILES = 1_000_000


@dataclass(frozen=True, slots=True)
class StepLimits:
    """How long each step of taking in an archive's members may take."""

    # Without a message from the worker.
    idle_seconds: float = 30.0
    # For a lock that another process has, with a connection in hand.
    lock_seconds: float = 2.0
    statement_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class MemberPolicy:
    """What an upload may hold, how long its members may take to come in, and what job is made of each."""

    limits: UploadLimits
    steps: StepLimits
    make_job: Callable[[UUID, StoredFile], NewJob]


class ArchiveMembers:
    """Takes in what archives held, and stores the members of each in one transaction."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        on_stored: Callable[[UUID, Freed], None],
        policy: MemberPolicy,
        room: SpoolRoom,
        gate: CommitGate,
        background: BackgroundTasks,
    ) -> None:
        """Makes it ready. `on_stored` is called with the upload's id, where its jobs stand and what has room now."""
        self._database = database
        self._clocks = clocks
        self._on_stored = on_stored
        self._limits = policy.limits
        self._idle_seconds = policy.steps.idle_seconds
        self._bounds = CommitBounds(policy.steps.statement_seconds, policy.steps.lock_seconds)
        self._make_job = policy.make_job
        self._room = room
        self._gate = gate
        self._background = background

    async def receive(self, messages: AsyncIterable[AddFilesRequest]) -> None:
        """Takes in one archive's members. Once all are there they are stored, even if the caller leaves.

        Raises LeaseLost, InvalidRequest, PayloadTooLarge, Busy; then nothing was stored.
        """
        requests = aiter(messages)
        header = _header(await next_request(requests, self._idle_seconds))
        job = await archives.find_unpack_job(self._database, check_lease(header.job_id, header.token))
        if job is None:  # a repeat
            return
        spool = self._room.open(job.user_id)
        try:
            unpacked = await self._gather(requests, header, spool)
        except BaseException:
            await spool.close()
            raise
        # Begun, it is not left half-known because the worker went away: the task closes the spool.
        storing = self._store(job, unpacked, spool)
        await asyncio.shield(self._background.start(storing, name=f"add files of job {job.lease.job_id}"))

    async def _gather(
        self, requests: AsyncIterator[AddFilesRequest], header: AddFilesRequest.Header, spool: Spool
    ) -> archives.Unpacked:
        check_count(header.member_count, "member_count", self._limits.files, lowest=0)
        check_range(header.skipped_files, "skipped_files", 0, SKIPPED_FILES)
        refusals = wire.file_refusals(header.refusals)
        unpacking = Unpacking(spool, self._limits, header.member_count)
        while (request := await next_request(requests, self._idle_seconds)) is not None:
            await _take(unpacking, request)
        return unpacking.finish(header.skipped_files, refusals)

    async def _store(self, job: archives.UnpackJob, unpacked: archives.Unpacked, spool: Spool) -> None:
        clocks, make_job, most_files = self._clocks, self._make_job, self._limits.files
        try:
            async with self._gate.turn(job.user_id):
                freed = await archives.add_members(
                    self._database, clocks, job, unpacked, spool, make_job, most_files, self._bounds
                )
        finally:
            await spool.close()
        self._on_stored(job.upload_id, freed)


def _header(first: AddFilesRequest | None) -> AddFilesRequest.Header:
    if first is None or first.WhichOneof("message") != "header":
        raise InvalidRequest("AddFiles begins with a header.", field="header")
    return first.header


async def _take(unpacking: Unpacking, request: AddFilesRequest) -> None:
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
