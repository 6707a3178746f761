"""Progress and checkpoints on their way to the coordinator: of each attempt only the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from coordinator_client.gatherer import Gatherer
from coordinator_client.leases import Lease
from protos.jobs.v1 import job_pb2
from protos.jobs.v1 import worker_service_pb2 as messages

LIMIT = 1_000
# Of checkpoints, beside which 1,000 messages of progress take 1 MiB.
CHECKPOINTS_LIMIT_BYTES = 2 * 1024 * 1024


class _Waiting:
    """The newest report of an attempt, until it is sent."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.progress: job_pb2.Progress | None = None
        self.checkpoint: bytes | None = None
        self.answer: asyncio.Future[bool]

    def renew(self, progress: job_pb2.Progress | None, checkpoint: bytes | None) -> None:
        """Takes a newer word of either; what is None stays."""
        self.progress = self.progress if progress is None else progress
        self.checkpoint = self.checkpoint if checkpoint is None else checkpoint

    def message(self) -> messages.ProgressReport:
        """What is to be sent."""
        return messages.ProgressReport(
            job_id=self.lease.job_id, token=self.lease.token, progress=self.progress, checkpoint=self.checkpoint
        )


class ProgressReports:
    """Gathers reports; one that a newer overtakes before it is sent is answered with that one's answer."""

    def __init__(self, send: Callable[[list[messages.ProgressReport]], Awaitable[list[bool]]]) -> None:
        """Takes what sends reports and answers for each whether its lease was still held."""
        self._send = send
        self._gatherer = Gatherer(
            self._send_newest,
            LIMIT,
            size=lambda waiting: len(waiting.checkpoint or b""),
            size_limit=CHECKPOINTS_LIMIT_BYTES,
        )
        self._waiting: dict[Lease, _Waiting] = {}

    async def submit(self, lease: Lease, progress: job_pb2.Progress | None, checkpoint: bytes | None) -> bool:
        """Sends a report, or a newer one in its place; answers whether the lease was still held."""
        waiting = self._waiting.get(lease)
        if waiting is None:
            waiting = self._waiting[lease] = _Waiting(lease)
            waiting.answer = self._gatherer.submit(waiting)
        waiting.renew(progress, checkpoint)
        # A caller that leaves does not take the report of another with it.
        return await asyncio.shield(waiting.answer)

    async def close(self) -> None:
        """Gives up what was not answered: its callers are cancelled."""
        await self._gatherer.close()
        self._waiting.clear()

    async def _send_newest(self, batch: list[_Waiting]) -> list[bool]:
        for waiting in batch:
            self._waiting.pop(waiting.lease, None)
        return await self._send([waiting.message() for waiting in batch])
