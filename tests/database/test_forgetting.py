"""Forgetting a person: nothing is left of them anywhere, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.database import Database, fetch_one
from coordinator.domain import Failure, Lease, Postponement, Progress, ProgressReport
from coordinator.errors import Busy, Draining, LeaseLost, UploadNotFound
from coordinator.queries import query
from coordinator.services.forgetting import ForgettingLimits, Removed
from coordinator.store import forgetting, jobs, leases, upload_reads
from coordinator.store.auditing import Act, audit_id, find_audit_id
from coordinator.store.commits import CommitBounds
from coordinator.wakeups import LEASES_TOPIC, upload_topic
from tests.database.archive_calls import hold_archives, unpacking
from tests.database.leased_jobs import hold_file
from tests.database.listen_calls import Listening, listening
from tests.database.lives import Life, append, hold, live
from tests.database.play_messages import NOON, Play, extended
from tests.database.stored_plays import connect, count_plays
from tests.database.stores import Store
from tests.database.whole_database import read_everything, tables_that_can_name_people, tables_with
from tests.waiting import eventually

# What a life leaves behind in shared tables, where nothing names the person.
NAMELESS = {"sluice.worker_sessions", "sluice.lease_notices", "sluice.audit_log", "sluice.queues"}
NOTHING = Removed()


def act(user_id: UUID) -> Act:
    return Act("producer/1", "ipv4:127.0.0.1:1", "DeleteUserData", {}, str(user_id))


@dataclass
class World:
    """A service, a store, and the database as its owner sees it."""

    listener: Listening
    store: Store
    owner: Connection[TupleRow]

    async def forget(self, user_id: UUID) -> Removed:
        """Forgets a person."""
        return await self.listener.forgetting.forget(user_id, act(user_id))

    def audits(self) -> list[tuple[object, ...]]:
        """Gives the audit log."""
        return self.owner.execute("SELECT principal, peer, act, details FROM sluice.audit_log ORDER BY id").fetchall()


@pytest.fixture
async def world(store: Store, database_url: str, owner_url: str) -> AsyncIterator[World]:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            yield World(listener, store, owner)


async def lived(world: World, name: str) -> Life:
    return await live(world.store, world.listener, uuid4(), name)


async def test_nothing_is_left_of_a_person_in_any_table_and_all_else_is_as_it_was(world: World) -> None:
    await lived(world, "Bertha")
    before = read_everything(world.owner)
    anna = await lived(world, "Annabel")
    found = tables_with(read_everything(world.owner), anna.words)
    partitions = {table for table in found if table.startswith(("sluice.listens_", "sluice.job_history_"))}
    assert len(partitions) == 2, "one for her plays, and today"
    assert found - partitions == {
        *("public.upload_file_chunks", "public.upload_files", "public.upload_jobs"),
        *("sluice.enqueue_keys", "sluice.jobs", "sluice.lanes"),
    }
    assert await world.forget(anna.user_id) == Removed(plays=2, uploads=6, files=6, jobs=9)
    after = read_everything(world.owner)
    assert tables_with(after, anna.words) == set()
    assert {table: rows for table, rows in after.items() if table not in NAMELESS} == {
        table: rows for table, rows in before.items() if table not in NAMELESS
    }


def test_every_table_that_can_name_people_is_one_of_which_they_are_removed(owner_url: str) -> None:
    """A new table belongs here once `test_nothing_is_left_of_a_person…` has put something into it."""
    with connect(owner_url) as owner:
        assert tables_that_can_name_people(owner) == {
            *("public.listens", "public.upload_file_chunks", "public.upload_files", "public.upload_jobs"),
            *("sluice.enqueue_keys", "sluice.job_history", "sluice.jobs", "sluice.lanes"),
        }


async def test_a_repeat_removes_nothing_and_is_not_written_down(world: World) -> None:
    anna = await lived(world, "Annabel")
    await world.forget(anna.user_id)
    audits = world.audits()
    assert await world.forget(anna.user_id) == NOTHING
    assert await world.forget(uuid4()) == NOTHING
    assert world.audits() == audits


async def test_the_audit_log_keeps_an_hmac_of_the_person_and_the_numbers(world: World) -> None:
    anna = await lived(world, "Annabel")
    await world.forget(anna.user_id)
    async with world.store.database.connection() as connection:
        name = await find_audit_id(connection, str(anna.user_id))
        row = await fetch_one(connection, "get_audit_key")
    assert row is not None
    assert len(row["key"]) == 32
    details = {"user": name, "plays": 2, "uploads": 6, "files": 6, "jobs": 9}
    assert world.audits() == [("producer/1", "ipv4:127.0.0.1:1", "DeleteUserData", details)]


def test_a_person_has_one_audit_id_however_the_id_is_spelled() -> None:
    person = uuid4()
    assert audit_id(b"key", str(person)) == audit_id(b"key", str(person).upper()) == audit_id(b"key", person.hex)
    assert audit_id(b"key", "a service") != audit_id(b"key", "A service")
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert audit_id(b"Jefe", "what do ya want for nothing?") == expected


async def test_somebody_elses_job_in_the_persons_lane_stays_and_says_the_lane_no_more(world: World) -> None:
    user_id = uuid4()
    lane = str(user_id)
    (ended,) = await world.store.enqueue(lane=lane)
    await world.store.claim(await world.store.open_session())
    world.owner.execute("UPDATE sluice.jobs SET state = 'processing'")
    (claimed,) = world.owner.execute("SELECT id, lease_token FROM sluice.jobs").fetchall()
    await leases.complete(world.store.database, [Lease(claimed[0], claimed[1])])
    (waiting,) = await world.store.enqueue(lane=lane)
    assert await world.forget(user_id) == NOTHING
    for job_id, state in ((ended, "completed"), (waiting, "pending")):
        job = await jobs.get_job(world.store.database, "tests", job_id)
        assert (job.state, job.lane) == (state, None)
    assert tables_with(read_everything(world.owner), [lane]) == set()
    assert await world.store.claim(await world.store.open_session()), "it is claimed as before"


async def test_a_late_worker_can_do_nothing_with_a_job_that_is_forgotten(world: World) -> None:
    anna = await lived(world, "Annabel")
    await world.forget(anna.user_id)
    database, lease = world.store.database, anna.held.lease
    with pytest.raises(LeaseLost):
        await world.listener.commit(extended(Play("Annabel again")), anna.held)
    with pytest.raises(LeaseLost):
        await upload_reads.read_chunk(database, lease, 0)
    assert await leases.complete(database, [lease]) == [0]
    assert (await leases.fail(database, [Failure(lease, "BROKEN", "Annabel", permanent=False)]))[0].refused
    assert await leases.release(database, [lease]) == [0]
    assert await leases.snooze(database, [Postponement(lease, 1000)]) == [0]
    assert await leases.report_progress(database, [ProgressReport(lease, Progress(1, 2, "Annabel"))]) == [0]
    assert tables_with(read_everything(world.owner), anna.words) == set()


async def test_the_members_of_a_forgotten_archive_are_refused(world: World, database_url: str) -> None:
    (archive,) = hold_archives(world.owner, 1)
    async with unpacking(database_url) as unpacker:
        await world.forget(archive.user_id)
        with pytest.raises(LeaseLost):
            await unpacker.add_files(archive, b"[]")
    assert tables_with(read_everything(world.owner), [str(archive.user_id), str(archive.upload_id)]) == set()


async def test_workers_and_watchers_are_told(world: World) -> None:
    held = hold_file(world.owner)
    await world.forget(held.user_id)
    notices = world.owner.execute("SELECT job_id, token, reason FROM sluice.lease_notices").fetchall()
    assert notices == [(held.lease.job_id, held.lease.token, "cancelled")]
    assert world.listener.announced.topics == {LEASES_TOPIC, upload_topic(held.upload_id)}
    with pytest.raises(UploadNotFound):
        await upload_reads.get_upload(world.store.database, held.user_id, held.upload_id)


async def test_a_person_may_come_back_at_once_and_is_as_new(world: World) -> None:
    anna = await lived(world, "Annabel")
    await world.forget(anna.user_id)
    # With the same idempotency keys and the same plays, which count anew.
    again = await live(world.store, world.listener, anna.user_id, "Annabel")
    assert count_plays(world.owner, anna.user_id) == 2
    assert await world.forget(again.user_id) == Removed(plays=2, uploads=6, files=6, jobs=9)


@pytest.mark.parametrize("plays", [0, 1, 9, 10, 11, 30, 31])
async def test_any_number_of_plays_is_removed_in_steps(database_url: str, owner_url: str, plays: int) -> None:
    # A second round would remove what the steps of the first had left.
    async with listening(database_url, forgetting_limits=ForgettingLimits(plays=10, rounds=1)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            songs = [Play(f"Song {number}", second=NOON + number) for number in range(plays)]
            await listener.commit(extended(*songs), held)
            removed = await listener.forgetting.forget(held.user_id, act(held.user_id))
            assert removed == Removed(plays=plays, uploads=1, files=1, jobs=1)
            assert count_plays(owner, held.user_id) == 0


async def test_plays_of_one_second_that_are_more_than_a_step_are_removed(database_url: str, owner_url: str) -> None:
    # A second round would remove what the steps of the first had left.
    async with listening(database_url, forgetting_limits=ForgettingLimits(plays=10, rounds=1)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            seconds = [NOON] * 5 + [NOON + 1] * 25 + [NOON + 2] * 5
            songs = [Play(f"Song {number}", second=second) for number, second in enumerate(seconds)]
            await listener.commit(extended(*songs), held)
            assert (await listener.forgetting.forget(held.user_id, act(held.user_id))).plays == 35
            assert count_plays(owner, held.user_id) == 0


@contextmanager
def one_play_locked(owner_url: str, user_id: UUID, second: int) -> Iterator[None]:
    with connect(owner_url) as connection, connection.transaction():
        statement = "SELECT FROM listens WHERE user_id = %s AND played_at = to_timestamp(%s) FOR UPDATE"
        assert connection.execute(statement, [user_id, second]).rowcount == 1
        yield


async def test_a_call_that_fails_in_the_middle_leaves_no_job_and_a_repeat_goes_on(
    database_url: str, owner_url: str
) -> None:
    limits = ForgettingLimits(plays=10, lock_seconds=0.05)
    async with listening(database_url, forgetting_limits=limits) as listener:
        with connect(owner_url) as owner:
            world = World(listener, Store(listener.database), owner)
            held = hold_file(owner)
            songs = [Play(f"Song {number}", second=NOON + number) for number in range(30)]
            await listener.commit(extended(*songs), held)
            late = hold_file(owner, held.user_id)
            with one_play_locked(owner_url, held.user_id, NOON + 15), pytest.raises(Busy) as refused:
                await world.forget(held.user_id)
            assert refused.value.retry_after_seconds > 0
            assert count_plays(owner, held.user_id) == 20
            with pytest.raises(LeaseLost):
                await listener.commit(extended(*songs), late)
            assert await world.forget(held.user_id) == Removed(plays=20)
            assert tables_with(read_everything(owner), [str(held.user_id)]) == set()
            numbers = [details["plays"] for *_, details in world.audits() if isinstance(details, dict)]
            assert numbers == [30, 20], "what each call found there"


async def test_a_commit_elsewhere_that_takes_long_is_busy_and_nothing_is_removed_nor_logged_of_the_person(
    database_url: str, owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = ForgettingLimits(lock_seconds=0.05)
    async with listening(database_url, forgetting_limits=limits) as listener:
        with connect(owner_url) as owner, connect(owner_url) as elsewhere:
            held = hold_file(owner)
            before = read_everything(owner)
            with elsewhere.transaction():
                elsewhere.execute(query("lock_user"), {"user_id": held.user_id})
                with pytest.raises(Busy):
                    await listener.forgetting.forget(held.user_id, act(held.user_id))
            assert read_everything(owner) == before
            logged = capsys.readouterr().out
            assert "background_work_refused" in logged
            assert str(held.user_id) not in logged


async def test_it_goes_on_though_the_caller_has_left(database_url: str, owner_url: str) -> None:
    limits = ForgettingLimits(lock_seconds=20)
    async with listening(database_url, forgetting_limits=limits) as listener:
        with connect(owner_url) as owner, connect(owner_url) as elsewhere:
            held = hold_file(owner)
            with elsewhere.transaction():
                elsewhere.execute(query("lock_user"), {"user_id": held.user_id})
                call = asyncio.create_task(listener.forgetting.forget(held.user_id, act(held.user_id)))
                waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                await eventually(lambda: owner.execute(waiting).rowcount == 1)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            await listener.commits.finish()
            assert tables_with(read_everything(owner), [str(held.user_id)]) == set()


async def test_a_coordinator_that_leaves_stops_between_two_steps(database_url: str, owner_url: str) -> None:
    steps = iter([True, True, True, False])

    def check_open() -> None:
        if not next(steps):
            raise Draining("This coordinator is leaving.")

    limits = ForgettingLimits(plays=10)
    async with listening(database_url, forgetting_limits=limits, check_open=check_open) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            songs = [Play(f"Song {number}", second=NOON + number) for number in range(50)]
            await listener.commit(extended(*songs), held)
            with pytest.raises(Draining):
                await listener.forgetting.forget(held.user_id, act(held.user_id))
            assert count_plays(owner, held.user_id) == 30


async def test_what_comes_in_without_end_is_told_and_not_waited_for(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(database_url, forgetting_limits=ForgettingLimits(rounds=2)) as listener:
        with connect(owner_url) as owner:
            user_id = uuid4()
            knows = forgetting.knows

            async def something_new(database: Database, user_id: UUID, bounds: CommitBounds) -> bool:
                hold_file(owner, user_id)
                return await knows(database, user_id, bounds)

            monkeypatch.setattr(forgetting, "knows", something_new)
            with pytest.raises(Busy, match="stop uploading"):
                await listener.forgetting.forget(user_id, act(user_id))


async def test_a_chunk_and_an_enqueue_of_a_forgotten_upload_find_none(world: World) -> None:
    anna = await lived(world, "Annabel")
    await world.forget(anna.user_id)
    with pytest.raises(UploadNotFound):
        await append(world.store, anna.user_id, anna.open_upload, "Annabel")
    assert tables_with(read_everything(world.owner), anna.words) == set()
    await hold(world.store, anna.user_id, "Annabel")
