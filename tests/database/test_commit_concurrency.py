"""Commits beside each other: of one person, of several, and with readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.commit_gate import CommitGate
from coordinator.errors import Busy
from coordinator.listen_domain import CommitOutcome
from coordinator.queries import query
from coordinator.services.file_commits import CommitLimits
from coordinator.spool import SpoolRoom
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.play_messages import NOON, Play, account, extended
from tests.database.stored_plays import connect, count_plays, file_row, job_row
from tests.waiting import eventually

_SONGS = tuple(Play(f"Song {number}", second=NOON + 240 * number) for number in range(50))
_PATIENT = CommitLimits(lock_seconds=20)


@contextmanager
def _user_locked(owner_url: str, user_id: UUID) -> Iterator[None]:
    """Commits something of the person elsewhere, as long as the block lasts."""
    with connect(owner_url) as connection, connection.transaction():
        connection.execute(query("lock_user"), {"user_id": user_id})
        yield


@contextmanager
def _file_locked(owner_url: str, held: HeldFile) -> Iterator[None]:
    """Makes a commit stand still after its rows are in and before its job is completed."""
    with connect(owner_url) as connection, connection.transaction():
        connection.execute("SELECT FROM upload_files WHERE id = %s FOR UPDATE", [held.file_id])
        yield


def _waiting_for_locks(owner: Connection[TupleRow]) -> int:
    row = owner.execute(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'sluice_coordinator' AND wait_event_type = 'Lock'
        """
    ).fetchone()
    assert row
    return int(row[0])


def _open_transactions(owner: Connection[TupleRow]) -> int:
    row = owner.execute(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'sluice_coordinator' AND xact_start IS NOT NULL
        """
    ).fetchone()
    assert row
    return int(row[0])


async def test_two_files_of_one_person_at_the_same_time_count_exactly(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(listening(database_url, limits=_PATIENT)) for _ in range(2)]
        owner = stack.enter_context(connect(owner_url))
        with _user_locked(owner_url, user):
            commits = asyncio.gather(
                one.commit_new(owner, user, extended(*_SONGS[:40])),
                other.commit_new(owner, user, extended(*_SONGS[10:])),
            )
            await eventually(lambda: _waiting_for_locks(owner) == 2)
        outcomes = await commits
        assert sorted(outcome.inserted for outcome in outcomes) == [10, 40]
        assert sorted(outcome.duplicate for outcome in outcomes) == [0, 30]
        assert count_plays(owner, user) == 50


async def test_both_families_at_the_same_time_leave_each_play_once(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(listening(database_url, limits=_PATIENT)) for _ in range(2)]
        owner = stack.enter_context(connect(owner_url))
        with _user_locked(owner_url, user):
            commits = asyncio.gather(
                one.commit_new(owner, user, account(*_SONGS)), other.commit_new(owner, user, extended(*_SONGS))
            )
            await eventually(lambda: _waiting_for_locks(owner) == 2)
        by_account, by_extended = await commits
        assert by_extended.inserted == 50
        assert by_account.inserted == by_extended.superseded == 50 - by_account.duplicate
        assert count_plays(owner, user) == 50


async def test_many_files_of_one_person_at_once_all_come_in(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            files = [extended(*_SONGS[start : start + 20]) for start in range(0, 40, 4)]
            outcomes = await asyncio.gather(*(listener.commit_new(owner, user, file) for file in files))
            assert sum(outcome.inserted for outcome in outcomes) == count_plays(owner, user) == 50


async def test_a_lock_held_elsewhere_is_busy_and_costs_no_attempt(database_url: str, owner_url: str) -> None:
    async with listening(database_url, limits=CommitLimits(lock_seconds=0.05)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            before = file_row(owner, held), job_row(owner, held)
            with _user_locked(owner_url, held.user_id), pytest.raises(Busy) as refused:
                await listener.commit(extended(*_SONGS), held)
            assert refused.value.retry_after_seconds > 0
            assert (file_row(owner, held), job_row(owner, held)) == before
            assert count_plays(owner, held.user_id) == 0
            assert await listener.commit(extended(*_SONGS), held) == CommitOutcome(50, 0, 0)


async def test_a_commit_that_waits_for_another_of_its_person_holds_no_connection(
    database_url: str, owner_url: str
) -> None:
    gate = CommitGate(max_commits=4, wait_seconds=10)
    async with listening(database_url, gate=gate, max_connections=1) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            async with gate.turn(held.user_id):
                waiting = asyncio.create_task(listener.commit(extended(*_SONGS), held))
                # Each of these needs the only connection, and more steps than the first takes to its turn.
                for _ in range(3):
                    await listener.commit_new(owner, uuid4(), extended(*_SONGS))
                assert not waiting.done()
            assert await waiting == CommitOutcome(50, 0, 0)


async def test_a_worker_that_stops_sending_holds_no_transaction(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            sent, may_go_on = asyncio.Event(), asyncio.Event()

            async def stalled() -> AsyncIterator[CommitListensRequest]:
                for request in extended(*_SONGS).requests(held.lease, batch_rows=25):
                    yield request
                    if request.HasField("batch"):
                        sent.set()
                        await may_go_on.wait()

            commit = asyncio.create_task(listener.service.CommitListens(stalled(), NO_CONTEXT))
            await sent.wait()
            assert _open_transactions(owner) == 0
            may_go_on.set()
            assert (await commit).inserted_records == 50


async def test_a_worker_that_falls_silent_makes_room_for_others(database_url: str, owner_url: str) -> None:
    room = SpoolRoom(max_files=1, max_bytes=1 << 20)
    async with listening(database_url, room=room, limits=CommitLimits(idle_seconds=0.05)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)

            async def silent() -> AsyncIterator[CommitListensRequest]:
                yield CommitListensRequest(header=extended(*_SONGS).header(held.lease))
                await asyncio.Event().wait()

            with pytest.raises(Busy, match="Nothing came"):
                await listener.service.CommitListens(silent(), NO_CONTEXT)
            assert await listener.commit(extended(*_SONGS), held) == CommitOutcome(50, 0, 0)


async def test_files_of_one_person_do_not_keep_anothers_waiting(database_url: str, owner_url: str) -> None:
    many = uuid4()
    async with listening(database_url, limits=_PATIENT) as listener:
        with connect(owner_url) as owner:
            with _user_locked(owner_url, many):
                waiting = asyncio.gather(*(listener.commit_new(owner, many, extended(song)) for song in _SONGS[:16]))
                await eventually(lambda: _waiting_for_locks(owner) == 1)
                outcome = await listener.commit_new(owner, uuid4(), extended(*_SONGS))
                assert outcome == CommitOutcome(50, 0, 0)
                assert not waiting.done()
            assert sum(outcome.inserted for outcome in await waiting) == 16


async def test_a_reader_sees_none_of_a_file_or_all_of_it(database_url: str, owner_url: str) -> None:
    async with listening(database_url, limits=_PATIENT) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with _file_locked(owner_url, held):
                commit = asyncio.create_task(listener.commit(extended(*_SONGS), held))
                await eventually(lambda: _waiting_for_locks(owner) == 1)
                assert count_plays(owner, held.user_id) == 0
                assert job_row(owner, held)["state"] == "processing"
            await commit
            assert count_plays(owner, held.user_id) == 50
            assert job_row(owner, held)["state"] == "completed"


async def _begin_and_leave(listener: Listening, owner: Connection[TupleRow], held: HeldFile) -> None:
    """Sends a whole file and goes away while its commit stands still."""
    commit = asyncio.create_task(listener.commit(extended(*_SONGS), held))
    await eventually(lambda: _waiting_for_locks(owner) == 1)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit


async def test_a_commit_under_way_is_carried_out_though_the_caller_has_left(database_url: str, owner_url: str) -> None:
    async with listening(database_url, limits=_PATIENT) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with _file_locked(owner_url, held):
                await _begin_and_leave(listener, owner, held)
            await eventually(lambda: job_row(owner, held)["state"] == "completed")
            assert count_plays(owner, held.user_id) == 50
            await eventually(lambda: listener.changed_uploads == [held.upload_id])


async def test_a_second_call_under_the_lease_waits_for_the_first_and_answers_the_same(
    database_url: str, owner_url: str
) -> None:
    async with listening(database_url, limits=_PATIENT) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with _file_locked(owner_url, held):
                await _begin_and_leave(listener, owner, held)
                repeat = asyncio.create_task(listener.commit(extended(*_SONGS), held))
            assert await repeat == CommitOutcome(50, 0, 0)
            assert count_plays(owner, held.user_id) == 50


async def test_finishing_waits_for_commits_under_way(database_url: str, owner_url: str) -> None:
    async with listening(database_url, limits=_PATIENT) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with _file_locked(owner_url, held):
                await _begin_and_leave(listener, owner, held)
            await listener.commits.finish()
            assert count_plays(owner, held.user_id) == 50


async def test_a_call_that_is_cancelled_while_it_sends_leaves_nothing_behind(database_url: str, owner_url: str) -> None:
    async with listening(database_url, room=SpoolRoom(max_files=1, max_bytes=1 << 20)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            sent = asyncio.Event()

            async def endless() -> AsyncIterator[CommitListensRequest]:
                for request in extended(*_SONGS).requests(held.lease, batch_rows=10):
                    yield request
                sent.set()
                await asyncio.Event().wait()

            call = asyncio.create_task(listener.service.CommitListens(endless(), NO_CONTEXT))
            await sent.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert count_plays(owner, held.user_id) == 0
            # The only place is free again.
            assert await listener.commit(extended(*_SONGS), held) == CommitOutcome(50, 0, 0)
