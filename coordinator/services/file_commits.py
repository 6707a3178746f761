"""CommitListens from the first message to the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from uuid import UUID

from coordinator.background import BackgroundTasks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.domain import Freed, Lease
from coordinator.errors import InvalidRequest, LeaseLost
from coordinator.listen_domain import CommitOutcome, FileSummary, LeasedFile, TimeSpan
from coordinator.services.gathering import gather, next_request
from coordinator.spool import Spool, SpoolRoom
from coordinator.store import commits
from coordinator.store.admission import tell_nobody
from coordinator.wire.listen_batches import file_summary
from protos.listens.v1.listen_service_pb2 import CommitListensRequest


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """How many rows a file may have, and how long each step of a commit may take."""

    file_rows: int = 2_000_000
    # Without a message from the worker.
    idle_seconds: float = 30.0
    # For a lock that another process has, with a connection in hand.
    lock_seconds: float = 2.0
    statement_seconds: float = 120.0


class FileCommits:
    """Takes in files' plays and commits them, each file in one transaction."""

    def __init__(
        self,
        database: Database,
        on_upload_changed: Callable[[UUID], None],
        limits: CommitLimits,
        room: SpoolRoom,
        gate: CommitGate,
        background: BackgroundTasks | None = None,
        on_freed: Callable[[Freed], None] = tell_nobody,
    ) -> None:
        """Makes it ready. `on_upload_changed` is called with the upload's id after each commit.

        `on_freed` is told where a commit made room in a guarded queue. Commits run in `background`; a stop waits.
        """
        self._on_freed = on_freed
        self._database = database
        self._on_upload_changed = on_upload_changed
        self._limits = limits
        self._bounds = commits.CommitBounds(limits.statement_seconds, limits.lock_seconds)
        self._room = room
        self._gate = gate
        self._background = background or BackgroundTasks()

    async def receive(self, messages: AsyncIterable[CommitListensRequest]) -> CommitOutcome:
        """Takes in one file and commits it. Once all rows are there it is carried out, even if the caller leaves.

        Raises LeaseLost, InvalidRequest, PayloadTooLarge, Busy; then nothing was stored.
        """
        requests = aiter(messages)
        first = await next_request(requests, self._limits.idle_seconds)
        if first is None:
            raise InvalidRequest("The stream has no header.", field="header")
        summary = file_summary(first, max_rows=self._limits.file_rows)
        file = await commits.find_leased_file(self._database, summary.lease)
        if file is None:
            return await self._first_outcome(summary.lease)
        spool = self._room.open(file.user_id)
        try:
            span = await gather(requests, summary, spool, self._limits.idle_seconds)
        except BaseException:
            await spool.close()
            raise
        commit = self._commit(file, summary, spool, span)
        return await asyncio.shield(self._background.start(commit, name=f"commit job {summary.lease.job_id}"))

    async def finish(self) -> None:
        """Waits until the commits under way have ended, well or not."""
        await self._background.finish()

    async def _commit(
        self, file: LeasedFile, summary: FileSummary, spool: Spool, span: TimeSpan | None
    ) -> CommitOutcome:
        try:
            async with self._gate.turn(file.user_id):
                rows = commits.StagedRows(spool.chunks(), span)
                outcome = await commits.commit_listens(
                    self._database, file, summary, rows, self._bounds, on_freed=self._on_freed
                )
        finally:
            await spool.close()
        if outcome is None:
            return await self._first_outcome(summary.lease)
        self._on_upload_changed(file.upload_id)
        return outcome

    async def _first_outcome(self, lease: Lease) -> CommitOutcome:
        """Answers a repeat as the first time; any other call without the lease is refused."""
        outcome = await commits.find_first_outcome(self._database, lease)
        if outcome is None:
            raise LeaseLost("The job is not held under this token; nothing was stored.", job_id=lease.job_id)
        return outcome
