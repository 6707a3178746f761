"""A person who has been here for a while: something of theirs in every table and in every state."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from coordinator.domain import Failure, Lease, NewJob, Progress, ProgressReport
from coordinator.store import appending, enqueueing, incoming, jobs, leases, uploads
from coordinator.store.incoming import NewUpload
from coordinator.upload_domain import Chunk, FileRefusal, StoredFile, UploadLimits
from tests.database.leased_jobs import HeldFile
from tests.database.listen_calls import Listening
from tests.database.play_messages import Play, account, extended
from tests.database.stores import QUICK, Store, new_job

LIMITS = UploadLimits(files=200, file_bytes=1 << 20, upload_bytes=1 << 20)
HOURS = 24.0
ONCE = replace(QUICK, max_attempts=1)


@dataclass(frozen=True, slots=True)
class Life:
    """What a person has: two plays, five uploads of a file each, and nine jobs."""

    user_id: UUID
    name: str
    # The file that a worker has.
    held: HeldFile
    # An upload that still takes bytes.
    open_upload: UUID
    # A failed job that can be redriven.
    failed_job: UUID

    @property
    def words(self) -> list[str]:
        """What nothing may say any more: the id, in text and as bytes, and the name that is in every text."""
        return [str(self.user_id), self.user_id.hex, self.name, self.name.encode().hex()]


async def live(store: Store, listener: Listening, user_id: UUID, name: str) -> Life:
    """Does what a person and their workers do, every text with `name` in it."""
    committed = await hold(store, user_id, name)
    await listener.commit(extended(Play(f"{name} song", artist=name, album=name)), committed)
    second = await hold(store, user_id, name)
    await listener.commit(account(Play(f"{name} second", artist=name)), second)
    failed = await hold(store, user_id, name)
    await leases.fail(store.database, [Failure(failed.lease, "BROKEN", f"{name} is broken", permanent=False)])
    cancelled = await hold(store, user_id, name)
    await jobs.cancel_job(store.database, str(user_id), cancelled.lease.job_id)
    await _have_jobs_of_other_kinds(store, user_id, name)
    held = await hold(store, user_id, name)
    await leases.report_progress(store.database, [ProgressReport(held.lease, Progress(1, 2, f"{name} begun"))])
    open_upload = await begin(store, user_id, f"{name}.zip")
    await append(store, user_id, open_upload, name)
    return Life(user_id, name, held, open_upload, failed.lease.job_id)


async def hold(store: Store, user_id: UUID, name: str = "") -> HeldFile:
    """Uploads a file and has a worker claim its job."""
    upload_id = await begin(store, user_id, f"{name}.zip")
    await append(store, user_id, upload_id, name)
    made: list[NewJob] = []

    def make_job(file: StoredFile) -> NewJob:
        made.append(file_job(user_id, file))
        return made[-1]

    await enqueue_upload(store, user_id, upload_id, make_job, [FileRefusal(f"{name}.txt", "NOT_A_HISTORY", name)])
    (claimed,) = await store.claim(await store.open_session())
    assert made[0].file_id is not None
    return HeldFile(Lease(claimed.lease.job_id, claimed.lease.token), made[0].file_id, upload_id, user_id)


async def enqueue_upload(
    store: Store,
    user_id: UUID,
    upload_id: UUID,
    make_job: Callable[[StoredFile], NewJob],
    refusals: Sequence[FileRefusal] = (),
) -> None:
    """Makes the jobs of an upload."""
    await uploads.enqueue_upload(
        store.database,
        store.clocks,
        uploads.ClosingUpload(user_id, upload_id, f"{upload_id}", b"", refusals),
        make_job,
    )


def file_job(user_id: UUID, file: StoredFile) -> NewJob:
    """Returns the job that a file is, in queue "q"; it is tried once."""
    owner = str(user_id)
    return new_job(owner=owner, lane=owner, file_id=file.id, size=file.size, retry_policy=ONCE)


async def begin(store: Store, user_id: UUID, filename: str) -> UUID:
    """Opens an upload."""
    return (await incoming.create_upload(store.database, NewUpload(user_id, filename), HOURS)).id


async def append(store: Store, user_id: UUID, upload_id: UUID, name: str, *, index: int = 0, offset: int = 0) -> int:
    """Stores a chunk with the name in it; returns the size of its file."""
    content = f"the listening history of {name}".encode()
    chunk = Chunk(
        user_id=user_id,
        upload_id=upload_id,
        file_index=index,
        filename=f"{name}.json",
        archive=False,
        offset=offset,
        size=len(content),
        content=zlib.compress(content),
    )
    return await appending.append_file(store.database, chunk, LIMITS, HOURS)


async def _have_jobs_of_other_kinds(store: Store, user_id: UUID, name: str) -> None:
    owner = str(user_id)
    own = {"owner": owner, "lane": owner, "payload": name.encode()}
    finished = new_job(**own)
    await enqueueing.enqueue(store.database, store.clocks, owner, f"{name} key", b"", [finished])
    (claimed,) = await store.claim(await store.open_session())
    await leases.complete(store.database, [claimed.lease], [json.dumps({"made for": name})])
    waiting = [
        new_job(**own, queue="other", unique_key=name),
        new_job(**own, queue="other", delay_ms=60_000),
        new_job(**own, queue="another", priority=-1),
    ]
    await enqueueing.enqueue(store.database, store.clocks, owner, f"{name} second key", b"", waiting)
