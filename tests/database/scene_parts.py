"""Parts of stepped scenes: one verb of the store each, telling in a word what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.commit_gate import CommitGate
from coordinator.copy_rows import encode_rows
from coordinator.database import Database
from coordinator.domain import Failure, Lease, NewJob, Postponement, Progress, ProgressReport
from coordinator.ids import new_id
from coordinator.listen_domain import FileSummary, LeasedFile, Source, TimeSpan
from coordinator.services.forgetting import Forgetting, ForgettingLimits
from coordinator.spool import SpoolRoom
from coordinator.store import archives, commits, enqueueing, jobs, leases, reaping, sessions
from coordinator.store.auditing import Act
from coordinator.store.sessions import Heard, SessionKey
from coordinator.wire.listen_batches import play_columns
from protos.listens.v1.listen_pb2 import SOURCE_EXTENDED
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from tests.database import lives
from tests.database.archive_calls import Announcements
from tests.database.leased_jobs import HeldFile
from tests.database.play_messages import NOON, Play, batch_of
from tests.database.stepped_transactions import Part
from tests.database.stored_plays import count_plays
from tests.database.stores import PROFILE, Store

_BOUNDS = commits.CommitBounds(statement_seconds=20, lock_seconds=20)
_PATIENT = ForgettingLimits(lock_seconds=20)


def claiming(key: SessionKey, most: int = 1) -> Part:
    """Claims for a session; tells which jobs it was given."""

    async def part(database: Database) -> object:
        return tuple(sorted(job.lease.job_id for job in await Store(database).claim(key, most)))

    return part


def committing(held: HeldFile, owner: Connection[TupleRow]) -> Part:
    """Commits a file of one play; tells whether it was stored, and how many plays there are then."""
    request = CommitListensRequest(batch=batch_of([Play()], SOURCE_EXTENDED))
    content = encode_rows(play_columns(request, Source.EXTENDED))
    noon = datetime.fromtimestamp(NOON, UTC)
    file = LeasedFile(held.file_id, held.upload_id, held.user_id)
    summary = FileSummary(held.lease, "extended", Source.EXTENDED, 1, 0, {})

    async def rows() -> AsyncIterator[bytes]:
        yield content

    async def part(database: Database) -> object:
        staged = commits.StagedRows(rows(), TimeSpan(noon, noon))
        outcome = await commits.commit_listens(database, file, summary, staged, _BOUNDS)
        return "lost" if outcome is None else "stored", count_plays(owner, held.user_id)

    return part


def telling(verb: Callable[[Database], Awaitable[list[int]]]) -> Part:
    """Carries out a verb that returns the places of what is not held."""

    async def part(database: Database) -> object:
        return "lost" if await verb(database) else "done"

    return part


def completing(*held: Lease) -> Part:
    """Completes the jobs; tells whether all of them were held."""
    return telling(lambda database: leases.complete(database, held))


def failing(lease: Lease) -> Part:
    """Fails the attempt; tells whether it was held."""

    async def part(database: Database) -> object:
        (outcome,) = await leases.fail(database, [Failure(lease, "BROKEN", "", permanent=False)])
        return "lost" if outcome.refused else "done"

    return part


def releasing(lease: Lease) -> Part:
    """Gives the job back; tells whether it was held."""

    async def part(database: Database) -> object:
        return "lost" if await leases.release(database, [lease]) else "done"

    return part


def snoozing(lease: Lease) -> Part:
    """Puts the job off for a minute; tells whether it was held."""
    return telling(lambda database: leases.snooze(database, [Postponement(lease, 60_000)]))


def reporting(lease: Lease) -> Part:
    """Reports progress; tells whether the job was held."""
    report = ProgressReport(lease, Progress(1, 2, ""))
    return telling(lambda database: leases.report_progress(database, [report]))


def cancelling(job_id: UUID, owner: str = "tests") -> Part:
    """Cancels a job of the owner; tells whether a worker had it."""

    async def part(database: Database) -> object:
        ended = await jobs.cancel_job(database, owner, job_id)
        return "worker told" if ended and ended.session_id else "cancelled"

    return part


async def reaping_dead(database: Database) -> object:
    """Takes back what dead sessions hold; tells how many jobs."""
    return len(await reaping.reap_dead_sessions(database))


def enqueueing_as(key: str, new: Sequence[NewJob]) -> Part:
    """Enqueues; tells whether it was a repeat, which of the jobs were there already, and the jobs."""

    async def part(database: Database) -> object:
        stored = await enqueueing.enqueue(database, VirtualClocks(), "tests", key, key.encode(), new)
        return stored.repeated, stored.existing, stored.job_ids

    return part


def redriving(job_id: UUID) -> Part:
    """Redrives a job; tells whether it came back, as 0 or 1."""

    async def part(database: Database) -> object:
        act = Act("tests", "", "RedriveJobs", {})
        return len((await jobs.redrive(database, VirtualClocks(), [job_id], act)).job_ids)

    return part


def forgetting(user_id: UUID) -> Part:
    """Forgets a person; tells how many plays and how many jobs were removed."""

    async def part(database: Database) -> object:
        gate, background = CommitGate(max_commits=1, wait_seconds=60), BackgroundTasks()
        forgetter = Forgetting(database, Announcements(database), gate, background, lambda: None, _PATIENT)
        removed = await forgetter.forget(user_id, Act("tests", "", "DeleteUserData", {}, str(user_id)))
        return removed.plays, removed.jobs

    return part


def appending_to(upload_id: UUID, user_id: UUID, *, index: int, offset: int) -> Part:
    """Sends a chunk of a file; tells the size of the file then."""

    async def part(database: Database) -> object:
        return await lives.append(Store(database), user_id, upload_id, "", index=index, offset=offset)

    return part


def enqueueing_upload(upload_id: UUID, user_id: UUID) -> Part:
    """Makes the jobs of an upload."""

    async def part(database: Database) -> object:
        await lives.enqueue_upload(Store(database), user_id, upload_id, partial(lives.file_job, user_id))
        return "enqueued"

    return part


def adding_a_member(held: HeldFile) -> Part:
    """Stores the only member of an archive, which is empty, with its job."""
    lease, member = held.lease, archives.Member(new_id(), "member.json", "extended", 0)
    job = archives.UnpackJob(lease, held.file_id, held.upload_id, held.user_id)

    async def part(database: Database) -> object:
        spool = SpoolRoom(max_files=1, max_bytes=1).open(held.user_id)
        unpacked = archives.Unpacked((member,), 0, ())
        try:
            await archives.add_members(database, VirtualClocks(), job, unpacked, spool, lives.file_job, 9, _BOUNDS)
        finally:
            await spool.close()
        return "added"

    return part


def keeping_alive(key: SessionKey) -> Part:
    """Extends a session; tells whether it was there to be extended, as 0 or 1."""

    async def part(database: Database) -> object:
        return len(await sessions.keep_alive(database, [Heard(key, 15_000)]))

    return part


def resuming(secret: bytes) -> Part:
    """Resumes a session and keeps it alive; tells its epoch, what is leased to it, and whether it was kept."""

    async def part(database: Database) -> object:
        key = await sessions.resume_session(database, uuid4(), PROFILE, secret, 15.0)
        assert key is not None
        found = await sessions.find_leases(database, [key.id])
        held = tuple(lease.job_id for lease in found.get(key.id, ()))
        return key.epoch, held, await keeping_alive(key)(database)

    return part
