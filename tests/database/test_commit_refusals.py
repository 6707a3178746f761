"""A file that is not what its header said is refused, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coordinator.errors import Busy, InvalidRequest, PayloadTooLarge
from coordinator.listen_domain import CommitOutcome
from coordinator.services.file_commits import CommitLimits
from coordinator.spool import SpoolRoom
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.listen_calls import listening
from tests.database.play_messages import NOON, Play, batch_of, extended
from tests.database.stored_plays import connect, count_plays, job_row

_SONGS = tuple(Play(f"Song {number}", second=NOON + 240 * number) for number in range(10))


def _with_rows_announced(held: HeldFile, announced: int) -> Iterator[CommitListensRequest]:
    header, *batches = extended(*_SONGS).requests(held.lease, batch_rows=4)
    header.header.row_count = announced
    yield header
    yield from batches


@pytest.mark.parametrize("announced", [0, 9, 11])
async def test_more_or_fewer_rows_than_announced_are_refused(database_url: str, owner_url: str, announced: int) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with pytest.raises(InvalidRequest, match=f"announced {announced} rows") as refused:
                await listener.send(held, _with_rows_announced(held, announced))
            assert refused.value.metadata["field"] == "row_count"
            assert refused.value.metadata["limit"] == str(announced)
            assert count_plays(owner, held.user_id) == 0
            assert job_row(owner, held)["state"] == "processing"


async def test_a_bad_batch_after_good_ones_stores_none_of_them(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            requests = list(extended(*_SONGS).requests(held.lease, batch_rows=5))
            requests[-1].batch.ms_played[2] = -1
            with pytest.raises(InvalidRequest, match=r"ms_played\[2\]"):
                await listener.send(held, requests)
            assert count_plays(owner, held.user_id) == 0
            # It costs nothing but the call: the lease is still there for a better one.
            assert await listener.commit(extended(*_SONGS), held) == CommitOutcome(10, 0, 0)


async def test_a_stream_without_messages_is_refused(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner, pytest.raises(InvalidRequest, match="no header"):
            await listener.send(hold_file(owner), [])


async def test_a_batch_before_the_header_is_refused(database_url: str, owner_url: str) -> None:
    batch = CommitListensRequest(batch=batch_of(_SONGS, listen_pb2.SOURCE_EXTENDED))
    async with listening(database_url) as listener:
        with connect(owner_url) as owner, pytest.raises(InvalidRequest, match="must be the header"):
            await listener.send(hold_file(owner), [batch])


async def test_more_rows_than_a_file_may_have_are_refused_at_the_header(database_url: str, owner_url: str) -> None:
    async with listening(database_url, limits=CommitLimits(file_rows=9)) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            with pytest.raises(PayloadTooLarge) as refused:
                await listener.send(held, [CommitListensRequest(header=extended(*_SONGS).header(held.lease))])
            assert refused.value.metadata == {"field": "row_count", "limit": "9", "value": "10"}


async def test_a_file_that_would_never_fit_is_too_large(database_url: str, owner_url: str) -> None:
    async with listening(database_url, room=SpoolRoom(max_files=2, max_bytes=500)) as listener:
        with connect(owner_url) as owner, pytest.raises(PayloadTooLarge, match="500 bytes"):
            await listener.commit(extended(*_SONGS), hold_file(owner))


async def test_a_file_for_which_there_is_no_room_now_comes_back_later(database_url: str, owner_url: str) -> None:
    room = SpoolRoom(max_files=2, max_bytes=3_000)
    async with listening(database_url, room=room) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            others = room.open(hold_file(owner).user_id)
            await others.append(b"x" * 2_900)
            with pytest.raises(Busy):
                await listener.commit(extended(*_SONGS), held)
            await others.close()
            assert await listener.commit(extended(*_SONGS), held) == CommitOutcome(10, 0, 0)
