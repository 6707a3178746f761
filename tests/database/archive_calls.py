"""AddFiles over a test's database, called without a wire in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.domain import Place, RetryPolicy
from coordinator.marks import Marks
from coordinator.services.archive_members import StepLimits
from coordinator.services.upload_service import UploadPolicy, UploadService
from coordinator.spool import SpoolRoom
from coordinator.upload_domain import UploadLimits
from coordinator.wakeups import Wakeups
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.stores import new_database

# The methods ask nothing of it.
NO_CONTEXT: Any = None

_LIMITS = UploadLimits(files=200, file_bytes=1 << 20, upload_bytes=1 << 20)
_RETRIES = RetryPolicy(max_attempts=4, base_ms=2_000, factor=2, ceiling_ms=300_000)


class Announcements(Announcer):
    """Keeps what it was told, besides telling it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, uuid4(), Wakeups(), Marks(), notifies=False)
        self.places: list[Place] = []
        self.topics: set[str] = set()

    def made_pending(self, places: Iterable[Place]) -> None:
        """Keeps the places."""
        places = tuple(places)
        self.places += places
        super().made_pending(places)

    def wake(self, topics: Iterable[str]) -> None:
        """Keeps the topics."""
        topics = set(topics)
        self.topics |= topics
        super().wake(topics)


@dataclass
class Unpacker:
    """A service with what it announced, and the work that goes on when a caller has left."""

    service: UploadService
    announced: Announcements
    gate: CommitGate
    background: BackgroundTasks

    async def add_files(self, held: HeldFile, *members: bytes) -> None:
        """Sends the archive's members under the lease."""
        await self.service.AddFiles(as_stream(add_files_requests(held, members)), NO_CONTEXT)


def add_files_requests(held: HeldFile, members: Sequence[bytes]) -> list[AddFilesRequest]:
    """Gives the messages of a whole archive."""
    lease = held.lease
    header = AddFilesRequest.Header(job_id=lease.job_id.bytes, token=lease.token, member_count=len(members))
    requests = [AddFilesRequest(header=header)]
    for place, content in enumerate(members):
        member = AddFilesRequest.Member(filename=f"m{place}.json", format="extended")
        requests += [AddFilesRequest(member=member), AddFilesRequest(chunk=content)]
    return requests


async def as_stream(requests: Iterable[AddFilesRequest]) -> AsyncIterator[AddFilesRequest]:
    """Gives messages as a call receives them."""
    for request in requests:
        yield request


@asynccontextmanager
async def unpacking(
    database_url: str,
    *,
    steps: StepLimits | None = None,
    room: SpoolRoom | None = None,
    max_connections: int = 6,
) -> AsyncIterator[Unpacker]:
    """Runs a service with a pool and a gate of its own, as a coordinator has them."""
    database = new_database(database_url, max_connections=max_connections, timeout_seconds=5)
    announced, background = Announcements(database), BackgroundTasks()
    gate = CommitGate(max_commits=4, wait_seconds=10)
    service = UploadService(
        database,
        VirtualClocks(),
        announced,
        room or SpoolRoom(max_files=32, max_bytes=1 << 30),
        gate,
        UploadPolicy(_LIMITS, _RETRIES, 600_000, steps or StepLimits()),
        lambda: None,
        background,
    )
    await database.open()
    try:
        yield Unpacker(service, announced, gate, background)
    finally:
        await background.finish()
        await database.close()


def hold_archives(connection: Connection[TupleRow], number: int) -> list[HeldFile]:
    """Stores one upload with so many archives, the job of each leased."""
    user_id = uuid4()
    held = [hold_file(connection, user_id, archive=True) for _ in range(number)]
    upload_id = held[0].upload_id
    for index, one in enumerate(held[1:], start=1):
        connection.execute(
            "UPDATE upload_files SET upload_id = %s, file_index = %s WHERE id = %s", [upload_id, index, one.file_id]
        )
    return [replace(one, upload_id=upload_id) for one in held]


def members_of(connection: Connection[TupleRow], upload_id: UUID) -> list[tuple[int, str]]:
    """Gives an upload's members as (index, name), in order."""
    rows = connection.execute(
        "SELECT file_index, filename FROM upload_files WHERE upload_id = %s AND NOT archive ORDER BY 1", [upload_id]
    ).fetchall()
    return [(int(index), str(filename)) for index, filename in rows]
