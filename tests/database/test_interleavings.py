"""Verbs that meet: two or three transactions stepped statement by statement in every order."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from coordinator.clocks import VirtualClocks
from coordinator.database import Connection, execute, fetch_all, fetch_one
from coordinator.domain import ClaimedJob, Lease, RetryPolicy
from coordinator.ids import new_token
from coordinator.marks import ClaimRange
from coordinator.store.claims import UNLIMITED_BYTES
from coordinator.store.enqueueing import insert_jobs, take_key
from coordinator.store.leases import completion_columns, lease_columns
from coordinator.store.sessions import SessionKey
from tests.database.stepping import Stage, Step, Stepped, orders
from tests.database.stores import Store, new_job

EVERYTHING = (
    "TRUNCATE sluice.jobs, sluice.job_history, sluice.lanes, sluice.queue_clocks, sluice.worker_sessions, "
    "sluice.lease_notices, sluice.enqueue_keys, sluice.queues"
)

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    """Three connections to step on."""
    stage = await Stage.set_up(database_url, 3)
    yield stage
    await stage.close()


class Scene:
    """A fresh start for each order: one claimed job of a worker, or what a test makes of it."""

    def __init__(self, store: Store, owner_url: str) -> None:
        self.store = store
        self._owner = psycopg.connect(owner_url, autocommit=True)

    def wipe(self) -> None:
        """Forgets every job and session."""
        self._owner.execute(EVERYTHING)

    def expire(self, key: SessionKey) -> None:
        """Has a session be silent for longer than its lease."""
        self._owner.execute(
            "UPDATE sluice.worker_sessions SET expires_at = now() - interval '1 s' WHERE id = %s", [key.id]
        )

    def close(self) -> None:
        """Leaves the database."""
        self._owner.close()

    def stands(self) -> dict[UUID, tuple[str, int]]:
        """Each job's state and attempt. It is live or in history, never both."""
        rows = self._owner.execute(
            "SELECT id, state, attempt FROM sluice.jobs UNION ALL SELECT id, state, attempt FROM sluice.job_history"
        ).fetchall()
        stands = {row[0]: (row[1], row[2]) for row in rows}
        assert len(stands) == len(rows)
        return stands

    async def claimed(self, **fields: Any) -> tuple[SessionKey, ClaimedJob]:
        """A job in the hands of a worker."""
        self.wipe()
        await self.store.enqueue(**fields)
        key = await self.store.open_session()
        (job,) = await self.store.claim(key)
        return key, job


@pytest.fixture
def scene(store: Store, owner_url: str) -> Iterator[Scene]:
    """The scene, over the test's database."""
    scene = Scene(store, owner_url)
    yield scene
    scene.close()


def statement(name: str, parameters: Mapping[str, object]) -> Step:
    """A step that runs one of our statements and answers its rows."""
    return partial(fetch_all, name=name, parameters=parameters)


def change(name: str, parameters: Mapping[str, object]) -> Step:
    """A step that runs one of our statements which gives no rows."""
    return partial(execute, name=name, parameters=parameters)


def claim(key: SessionKey) -> Step:
    only = ClaimRange("k")
    return statement(
        "claim_jobs",
        {
            "session_id": key.id,
            "epoch": key.epoch,
            "token": new_token(),
            "queue": "q",
            "kinds": ["k"],
            "range_kinds": ["k"],
            "from_priorities": [only.from_priority],
            "from_positions": [only.from_position],
            "below_priorities": [only.below_priority],
            "max_jobs": 1,
            "max_bytes": UNLIMITED_BYTES,
            "holds_nothing": True,
        },
    )


def complete(lease: Lease) -> Step:
    return statement("complete_jobs", completion_columns([lease]))


def lock(lease: Lease) -> Step:
    return statement("lock_lease", {"job_id": lease.job_id, "token": lease.token})


def release(lease: Lease) -> Step:
    return statement("release_jobs", lease_columns([lease]))


def cancel(job_id: UUID) -> Step:
    return statement("cancel_jobs", {"owner": "tests", "job_ids": [job_id]})


def failure_columns(rows: Sequence[Any], verb: str, *, at_once: bool) -> dict[str, object]:
    return {
        "job_ids": [row["id"] for row in rows],
        "tokens": [row["token"] for row in rows],
        "reasons": ["WORKER_LOST"] * len(rows),
        "messages": [""] * len(rows),
        "permanents": [False] * len(rows),
        "verb": verb,
        "at_once": at_once,
    }


def fail(lease: Lease) -> Step:
    held = [{"id": lease.job_id, "token": lease.token}]
    return statement("fail_jobs", failure_columns(held, "fail", at_once=False))


def reap() -> list[Step]:
    """The reaper's transaction, a step a statement."""
    seen: dict[str, list[Any]] = {}

    async def find(connection: Connection) -> None:
        seen["over"] = [row["id"] for row in await fetch_all(connection, "unsettled_sessions")]
        seen["lost"] = await fetch_all(connection, "lock_lost_jobs", {"session_ids": seen["over"]})

    async def end(connection: Connection) -> object:
        ended = await fetch_all(connection, "fail_jobs", failure_columns(seen["lost"], "reap", at_once=True))
        await execute(connection, "settle_sessions", {"session_ids": seen["over"]})
        return ended

    return [change("close_expired_sessions", {"patient_ms": None, "session_ids": []}), find, end]


async def test_of_two_claims_each_job_goes_to_one(stage: Stage, scene: Scene) -> None:
    for jobs in (1, 2):
        for order in orders(2, 2):
            scene.wipe()
            await scene.store.enqueue(jobs)
            one, other = [Stepped([claim(await scene.store.open_session())]) for _ in range(2)]
            await stage.play(order, one, other)
            given = [row["id"] for row in (*one.answer, *other.answer)]
            assert len(set(given)) == len(given) == jobs
            assert set(scene.stands().values()) == {("processing", 1)}


async def test_a_claim_that_is_rolled_back_leaves_the_job_to_others(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2):
        scene.wipe()
        (job_id,) = await scene.store.enqueue()
        gone, other = [Stepped([claim(await scene.store.open_session())]) for _ in range(2)]
        gone.ends_well = False
        await stage.play(order, gone, other)
        assert scene.stands() == {job_id: ("processing", 1) if other.answer else ("pending", 0)}
        assert len(await scene.store.claim(await scene.store.open_session())) == 1 - len(other.answer)


async def test_a_claim_and_a_cancel_of_one_job_never_both_have_it(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2):
        scene.wipe()
        (job_id,) = await scene.store.enqueue()
        claiming, cancelling = Stepped([claim(await scene.store.open_session())]), Stepped([cancel(job_id)])
        await stage.play(order, claiming, cancelling)
        assert len(cancelling.answer) == 1, "a cancel takes a job that is claimed as well, once it can"
        assert scene.stands() == {job_id: ("cancelled", len(claiming.answer))}
        assert (cancelling.answer[0]["session_id"] is not None) == bool(claiming.answer)


async def test_two_claims_and_a_cancel_leave_one_winner(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2, 2):
        scene.wipe()
        (job_id,) = await scene.store.enqueue()
        one, other = [Stepped([claim(await scene.store.open_session())]) for _ in range(2)]
        cancelling = Stepped([cancel(job_id)])
        await stage.play(order, one, other, cancelling)
        assert len(one.answer) + len(other.answer) <= 1
        assert scene.stands()[job_id][0] == "cancelled"


async def test_a_completion_and_the_reaper_never_both_end_an_attempt(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 4):
        key, job = await scene.claimed()
        scene.expire(key)
        completing, reaping = Stepped([complete(job.lease)]), Stepped(reap())
        await stage.play(order, completing, reaping)
        assert len(completing.answer) + len(reaping.answer) == 1, order
        assert scene.stands() == {job.lease.job_id: ("completed", 1) if completing.answer else ("pending", 1)}


async def test_a_commit_under_way_is_not_reaped(stage: Stage, scene: Scene) -> None:
    for order in orders(3, 4):
        key, job = await scene.claimed()
        scene.expire(key)
        committing, reaping = Stepped([lock(job.lease), complete(job.lease)]), Stepped(reap())
        await stage.play(order, committing, reaping)
        held, done = committing.answers
        assert len(held) == len(done), "what has the lease at its beginning has it to its end"
        assert len(done) + len(reaping.answer) == 1, order
        assert scene.stands() == {job.lease.job_id: ("completed", 1) if done else ("pending", 1)}


async def test_a_failure_and_a_cancel_leave_one_end(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2):
        _, job = await scene.claimed()
        failing, cancelling = Stepped([fail(job.lease)]), Stepped([cancel(job.lease.job_id)])
        await stage.play(order, failing, cancelling)
        assert scene.stands() == {job.lease.job_id: ("cancelled", 1)}
        assert len(cancelling.answer) == 1
        assert (cancelling.answer[0]["session_id"] is None) == bool(failing.answer)


async def test_a_release_passes_over_what_a_commit_has_locked(stage: Stage, scene: Scene) -> None:
    for order in orders(3, 2):
        _, job = await scene.claimed()
        committing, releasing = Stepped([lock(job.lease), complete(job.lease)]), Stepped([release(job.lease)])
        await stage.play(order, committing, releasing)
        assert len(committing.answer) + len(releasing.answer) == 1
        assert scene.stands() == {job.lease.job_id: ("completed", 1) if committing.answer else ("pending", 0)}


async def test_a_resume_waits_for_claims_and_shuts_later_ones_out(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2):
        scene.wipe()
        (job_id,) = await scene.store.enqueue()
        key = await scene.store.open_session(secret=b"secret")
        profile = {"coordinator": UUID(int=1), "worker": "w", "queues": ["q"], "kinds": ["k"], "lease_ms": 15_000}
        secret_hash = hashlib.sha256(b"secret").digest()
        resuming = Stepped([statement("resume_session", {**profile, "secret_hash": secret_hash})])
        claiming = Stepped([claim(key)])
        await stage.play(order, resuming, claiming)
        assert [row["epoch"] for row in resuming.answer] == [2]
        assert scene.stands() == {job_id: ("processing", 1) if claiming.answer else ("pending", 0)}
        if order[0] == 1:
            assert claiming.answer, "it came first"
        if order[:2] == (0, 0):
            assert not claiming.answer, "its epoch is over"


async def test_a_renewal_and_the_reaper_never_both_decide_over_a_session(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 4):
        key, job = await scene.claimed()
        scene.expire(key)
        heard = {"session_ids": [key.id], "epochs": [key.epoch], "left_ms": [15_000]}
        renewing, reaping = Stepped([statement("keep_sessions_alive", heard)]), Stepped(reap())
        await stage.play(order, renewing, reaping)
        assert len(renewing.answer) + len(reaping.answer) == 1, order
        assert scene.stands() == {job.lease.job_id: ("processing" if renewing.answer else "pending", 1)}


def enqueue_with_key(job_id: UUID, clocks: VirtualClocks) -> list[Step]:
    """Enqueue's transaction under an idempotency key; answers the ids that stand for it."""
    first: list[Any] = []

    async def take(connection: Connection) -> None:
        first.append(await take_key(connection, "tests", "key", b"", [job_id]))

    async def insert(connection: Connection) -> list[UUID]:
        if first[0] is not None:
            return list(first[0])
        await insert_jobs(connection, clocks, [new_job(id=job_id)])
        return [job_id]

    return [take, insert]


async def test_of_two_requests_with_one_key_one_is_stored_and_both_get_its_jobs(stage: Stage, scene: Scene) -> None:
    for order in orders(3, 3):
        for ends_well in (True, False):
            scene.wipe()
            ids = [UUID(int=number) for number in (1, 2)]
            one, other = [Stepped(enqueue_with_key(job_id, VirtualClocks())) for job_id in ids]
            one.ends_well = ends_well
            await stage.play(order, one, other)
            stored = list(scene.stands())
            assert len(stored) == 1
            assert other.answer == stored, "one that was rolled back stands for nothing"
            assert not ends_well or one.answer == stored


def enqueue_unique(job_id: UUID, clocks: VirtualClocks) -> list[Step]:
    async def find(connection: Connection) -> object:
        wanted = {"owner": "tests", "queues": ["q"], "unique_keys": ["u"]}
        return await fetch_one(connection, "find_unique_jobs", wanted)

    async def insert(connection: Connection) -> object:
        return await insert_jobs(connection, clocks, [new_job(id=job_id, unique_key="u")])

    return [find, insert]


async def test_of_two_jobs_with_one_unique_key_one_comes_in_and_the_other_begins_again(
    stage: Stage, scene: Scene
) -> None:
    for order in orders(3, 3):
        scene.wipe()
        one, other = [Stepped(enqueue_unique(UUID(int=number), VirtualClocks())) for number in (1, 2)]
        await stage.play(order, one, other)
        assert len(scene.stands()) == 1
        assert [type(given.gave_way) for given in (one, other)].count(psycopg.errors.UniqueViolation) == 1


async def test_a_redrive_and_the_end_of_its_day_never_both_have_a_job(
    stage: Stage, scene: Scene, owner_url: str
) -> None:
    for order in orders(2, 2):
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute("SELECT sluice.create_history_partition((now() AT TIME ZONE 'UTC')::date)")
        _, job = await scene.claimed(retry_policy=ONCE)
        async with scene.store.database.transaction() as connection:
            await fail(job.lease)(connection)
        today = datetime.now(UTC).date()
        redriving = Stepped([statement("redrive_jobs", {"job_ids": [job.lease.job_id]})])
        dropping = Stepped([statement("drop_history_partition", {"day": today})])
        await stage.play(order, redriving, dropping)
        assert redriving.gave_way is None, "the drop gives way, never the redrive"
        gone = dropping.gave_way is None and not redriving.answer
        assert scene.stands() == ({} if gone else {job.lease.job_id: ("pending", 0)})


async def test_of_two_redrives_one_puts_a_job_back(stage: Stage, scene: Scene) -> None:
    for order in orders(2, 2):
        _, job = await scene.claimed(retry_policy=ONCE)
        async with scene.store.database.transaction() as connection:
            await fail(job.lease)(connection)
        one, other = [Stepped([statement("redrive_jobs", {"job_ids": [job.lease.job_id]})]) for _ in range(2)]
        await stage.play(order, one, other)
        assert len(one.answer) + len(other.answer) == 1
        assert scene.stands() == {job.lease.job_id: ("pending", 0)}
