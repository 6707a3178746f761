"""ListenService over a test's database, called without a wire in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.access import Access
from coordinator.background import BackgroundTasks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.listen_domain import CommitOutcome
from coordinator.read_gate import ReadGate
from coordinator.services.file_commits import CommitLimits, FileCommits
from coordinator.services.forgetting import Forgetting, ForgettingLimits
from coordinator.services.listen_service import ListenService
from coordinator.spool import SpoolRoom
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from tests.database.archive_calls import Announcements
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.play_messages import File
from tests.database.stores import new_database

# The methods ask nothing of it.
NO_CONTEXT: Any = None


@dataclass
class Listening:
    """A service, and the uploads of which it said that they changed."""

    database: Database
    service: ListenService
    commits: FileCommits
    forgetting: Forgetting
    announced: Announcements
    changed_uploads: list[UUID] = field(default_factory=list)

    async def commit(self, file: File, held: HeldFile) -> CommitOutcome:
        """Sends the whole file under the lease."""
        return await self.send(held, file.requests(held.lease))

    async def send(self, held: HeldFile, requests: Iterable[CommitListensRequest]) -> CommitOutcome:
        """Sends just these messages."""
        response = await self.service.CommitListens(as_stream(iter(requests)), NO_CONTEXT)
        return CommitOutcome(response.inserted_records, response.duplicate_records, response.superseded_records)

    async def commit_new(self, owner: Connection[TupleRow], user_id: UUID, file: File) -> CommitOutcome:
        """Makes an upload of the file and sends it."""
        return await self.commit(file, hold_file(owner, user_id))


async def as_stream(requests: Iterator[CommitListensRequest]) -> AsyncIterator[CommitListensRequest]:
    """Gives messages as a call receives them."""
    for request in requests:
        yield request


@asynccontextmanager
async def listening(
    database_url: str,
    *,
    limits: CommitLimits | None = None,
    room: SpoolRoom | None = None,
    gate: CommitGate | None = None,
    max_connections: int = 6,
    forgetting_limits: ForgettingLimits | None = None,
    check_open: Callable[[], None] = lambda: None,
) -> AsyncIterator[Listening]:
    """Runs a service with a pool of its own, as a coordinator has one."""
    database = new_database(database_url, max_connections=max_connections, timeout_seconds=5)
    changed: list[UUID] = []
    gate, background = gate or CommitGate(max_commits=4, wait_seconds=10), BackgroundTasks()
    room = room or SpoolRoom(max_files=32, max_bytes=1 << 30)
    commits = FileCommits(database, changed.append, limits or CommitLimits(), room, gate, background)
    announced = Announcements(database)
    forgetting = Forgetting(database, announced, gate, background, check_open, forgetting_limits)
    await database.open()
    try:
        reads = ReadGate(max_reads=max_connections, wait_seconds=10)
        service = ListenService(database, commits, reads, forgetting, Access(""), check_open)
        yield Listening(database, service, commits, forgetting, announced, changed)
    finally:
        await commits.finish()
        await database.close()
