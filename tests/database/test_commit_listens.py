"""CommitListens stores the rows, completes the job and records the outcome together, or does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from coordinator.domain import Lease
from coordinator.errors import InvalidRequest, LeaseLost
from coordinator.ids import new_token
from coordinator.listen_domain import CommitOutcome
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from tests.database.leased_jobs import hold_again, hold_file, take_away
from tests.database.listen_calls import listening
from tests.database.play_messages import NOON, File, Play, account, extended
from tests.database.stored_plays import connect, count_chunks, count_plays, file_row, job_row

_SONGS = tuple(Play(f"Song {number}", second=NOON + 240 * number) for number in range(25))


async def test_a_commit_stores_the_plays_and_ends_the_job_and_its_file(database_url: str, owner_url: str) -> None:
    file = File(_SONGS, merged_count=3, rejections={"bad_time": 2, "no_content": 4})
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            outcome = await listener.send(held, file.requests(held.lease, batch_rows=10))
            assert outcome == CommitOutcome(inserted=25, duplicate=3, superseded=0)
            assert count_plays(owner, held.user_id) == 25
            assert job_row(owner, held)["state"] == "completed"
            assert count_chunks(owner, held) == 0
            assert file_row(owner, held) == {
                "status": "completed",
                "format": "extended",
                "total_records": 34,
                "inserted_records": 25,
                "duplicate_records": 3,
                "rejected_records": 6,
                "superseded_records": 0,
                "rejections": {"bad_time": 2, "no_content": 4},
                "retryable": False,
                "finished": True,
                "attempts": 1,
            }
            assert listener.changed_uploads == [held.upload_id]


async def test_every_column_is_stored_as_it_was_sent(database_url: str, owner_url: str) -> None:
    full = Play(
        "Ünïcode ☃ \t\\N",
        "Sho\nw",
        NOON + 1,
        42,
        "Album",
        "spotify:episode:1",
        listen_pb2.CONTENT_TYPE_PODCAST,
        ("Other",),
    )
    bare = Play("", "Band", NOON + 2, 86_400_000)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            requests = list(extended(full, bare).requests(held.lease))
            requests[1].batch.platforms[1] = ""
            requests[1].batch.skipped[:] = [listen_pb2.SKIPPED_YES, listen_pb2.SKIPPED_UNSPECIFIED]
            await listener.send(held, requests)
            rows = owner.execute(
                """
                SELECT user_id, extract(epoch FROM played_at)::int, uuid_send(identity), uuid_send(cover),
                    uuid_send(more_covers[1]), source, content_type, track_name, artist_name, album_name, track_uri,
                    ms_played, platform, skipped
                FROM listens ORDER BY played_at
                """
            ).fetchall()
    assert rows == [
        (
            *(held.user_id, NOON + 1, full.extended_identity, full.cover, full.extra_covers[0]),
            *("extended", "podcast", "Ünïcode ☃ \t\\N", "Sho\nw", "Album", "spotify:episode:1", 42, "ios", True),
        ),
        (
            *(held.user_id, NOON + 2, bare.extended_identity, bare.cover, None),
            *("extended", "music", "", "Band", None, None, 86_400_000, None, None),
        ),
    ]


async def test_a_file_without_plays_completes_too(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            outcome = await listener.commit(File(rejections={"missing_field": 9}), held)
            assert outcome == CommitOutcome(0, 0, 0)
            assert job_row(owner, held)["state"] == "completed"
            assert file_row(owner, held)["total_records"] == 9


async def test_a_stale_token_writes_no_row_and_leaves_the_file_as_it_was(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            take_away(owner, held)
            again = hold_again(owner, held)
            before = file_row(owner, held)
            with pytest.raises(LeaseLost):
                await listener.commit(extended(*_SONGS), held)
            assert count_plays(owner, held.user_id) == 0
            assert file_row(owner, held) == before
            assert count_chunks(owner, held) == 1
            assert job_row(owner, held) == {
                "state": "processing",
                "attempt": 2,
                "lease_token": again.lease.token,
            }
            assert listener.changed_uploads == []


async def test_a_lease_that_is_lost_while_the_rows_come_writes_nothing(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            before = file_row(owner, held)
            requests = extended(*_SONGS).requests(held.lease, batch_rows=10)

            def reaped_halfway() -> Iterator[CommitListensRequest]:
                yield next(requests)
                yield next(requests)
                take_away(owner, held)
                yield from requests

            with pytest.raises(LeaseLost):
                await listener.send(held, reaped_halfway())
            assert count_plays(owner, held.user_id) == 0
            assert file_row(owner, held) == before


async def test_a_stale_token_is_refused_before_any_row_is_sent(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            take_away(owner, held)
            requests = extended(*_SONGS).requests(held.lease)
            with pytest.raises(LeaseLost):
                await listener.send(held, requests)
            assert next(requests).HasField("batch")


async def test_an_unknown_token_is_refused(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            guessed = replace(held, lease=Lease(held.lease.job_id, new_token()))
            with pytest.raises(LeaseLost):
                await listener.commit(extended(*_SONGS), guessed)
            assert job_row(owner, held)["state"] == "processing"


async def test_a_repeat_answers_the_first_outcome_and_stores_nothing(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            await listener.commit_new(owner, user, account(*_SONGS[:5]))
            held = hold_file(owner, user)
            first = await listener.commit(File(_SONGS, merged_count=2), held)
            recorded = file_row(owner, held)
            assert await listener.commit(File(_SONGS, merged_count=2), held) == first
            assert first == CommitOutcome(inserted=25, duplicate=2, superseded=5)
            assert file_row(owner, held) == recorded
            assert count_plays(owner, user) == 25


async def test_a_commit_that_ended_otherwise_is_no_repeat(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            await listener.commit(extended(*_SONGS), held)
            owner.execute("UPDATE sluice.job_history SET ended_verb = 'fail' WHERE id = %s", [held.lease.job_id])
            with pytest.raises(LeaseLost):
                await listener.commit(extended(*_SONGS), held)


async def test_an_error_in_the_last_step_takes_everything_back(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            before = file_row(owner, held)
            # The totals do not add up: the table's own check refuses the outcome after all else is done.
            owner.execute("ALTER TABLE upload_files ADD CHECK (total_records < 25)")
            with pytest.raises(Exception, match="violates check constraint"):
                await listener.commit(extended(*_SONGS), held)
            assert count_plays(owner, held.user_id) == 0
            assert count_chunks(owner, held) == 1
            assert file_row(owner, held) == before
            assert job_row(owner, held)["lease_token"] == held.lease.token


async def test_two_rows_of_a_file_that_are_the_same_play_are_refused(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with pytest.raises(InvalidRequest, match="same play") as refused:
                await listener.commit(extended(_SONGS[0], _SONGS[0]), held)
            assert refused.value.metadata["field"] == "identities"
            assert count_plays(owner, held.user_id) == 0


async def test_the_job_of_an_archive_has_no_plays(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner, archive=True)
            with pytest.raises(InvalidRequest, match="no file of plays"):
                await listener.commit(extended(*_SONGS), held)


async def test_a_job_about_no_file_has_no_plays(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            owner.execute("UPDATE sluice.jobs SET file_id = NULL WHERE id = %s", [held.lease.job_id])
            with pytest.raises(InvalidRequest, match="no file of plays"):
                await listener.commit(extended(*_SONGS), held)


async def test_the_same_plays_of_two_people_do_not_meet(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            one, other = uuid4(), uuid4()
            await listener.commit_new(owner, one, account(*_SONGS))
            assert await listener.commit_new(owner, other, extended(*_SONGS)) == CommitOutcome(25, 0, 0)
            assert await listener.commit_new(owner, other, account(*_SONGS)) == CommitOutcome(0, 25, 0)
            assert count_plays(owner, one) == count_plays(owner, other) == 25
