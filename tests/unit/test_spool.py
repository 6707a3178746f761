"""The rows of a file wait in a bounded room until all are there."""

from __future__ import annotations

import zlib
from random import randbytes
from uuid import uuid4

import pytest

from coordinator.errors import Busy, PayloadTooLarge
from coordinator.settings import Settings
from coordinator.spool import Spool, SpoolRoom
from coordinator.store.archives import encode_chunk

_MIB = 1 << 20


async def _content(spool: Spool) -> bytes:
    return b"".join([chunk async for chunk in spool.chunks()])


@pytest.mark.parametrize("pieces", [0, 3, 12])
async def test_what_was_appended_is_read_in_order_in_memory_or_from_a_file(pieces: int) -> None:
    spool = SpoolRoom(max_files=1, max_bytes=100 * _MIB).open(uuid4())
    written = [bytes([number]) * _MIB for number in range(pieces)]
    for piece in written:
        await spool.append(piece)
    assert await _content(spool) == b"".join(written)
    await spool.close()


async def test_a_file_for_which_others_leave_no_room_comes_back_later() -> None:
    room = SpoolRoom(max_files=4, max_bytes=10)
    one, other = room.open(uuid4()), room.open(uuid4())
    await one.append(b"1234567")
    with pytest.raises(Busy) as refused:
        await other.append(b"1234")
    assert refused.value.retry_after_seconds > 0
    await one.close()
    await other.append(b"1234")
    assert await _content(other) == b"1234"
    await other.close()


async def test_a_file_larger_than_the_room_is_never_asked_to_come_back() -> None:
    spool = SpoolRoom(max_files=4, max_bytes=10).open(uuid4())
    await spool.append(b"12345678")
    with pytest.raises(PayloadTooLarge) as refused:
        await spool.append(b"901")
    assert refused.value.metadata == {"limit": "10", "value": "11"}
    await spool.close()


async def test_one_person_takes_half_of_the_places_and_leaves_the_rest_to_others() -> None:
    room, person = SpoolRoom(max_files=4, max_bytes=10), uuid4()
    own = [room.open(person), room.open(person)]
    with pytest.raises(Busy, match="one person"):
        room.open(person)
    others = [room.open(uuid4()), room.open(uuid4())]
    with pytest.raises(Busy, match="Too many files are"):
        room.open(uuid4())
    for spool in (*own, *others):
        await spool.close()


async def test_a_place_is_given_back_once_however_often_a_spool_is_closed() -> None:
    room, person = SpoolRoom(max_files=2, max_bytes=10), uuid4()
    for _ in range(3):
        spool = room.open(person)
        await spool.append(b"1234567")
        await spool.close()
        await spool.close()
    last = room.open(person)
    with pytest.raises(Busy):
        room.open(person)
    await last.close()


async def test_files_of_one_person_together_take_half_of_the_bytes_and_leave_the_rest_to_others() -> None:
    room, person = SpoolRoom(max_files=8, max_bytes=20), uuid4()
    one, two, other = room.open(person), room.open(person), room.open(uuid4())
    await one.append(b"123456")
    await two.append(b"1234")
    with pytest.raises(Busy, match="same person") as refused:
        await two.append(b"5")
    assert refused.value.metadata["limit"] == "10"
    await other.append(b"1234567890")
    for spool in (one, two, other):
        await spool.close()


async def test_one_large_file_alone_takes_more_than_half_of_the_bytes() -> None:
    room, person = SpoolRoom(max_files=8, max_bytes=20), uuid4()
    large, small = room.open(person), room.open(person)
    await large.append(b"1234567890")
    await large.append(b"12345")
    with pytest.raises(Busy, match="same person"):
        await small.append(b"1")
    await large.close()
    await small.append(b"1")
    await small.close()


async def test_bytes_of_a_person_are_given_back_with_their_file() -> None:
    room, person = SpoolRoom(max_files=8, max_bytes=20), uuid4()
    stays = room.open(person)
    await stays.append(b"1")
    for _ in range(5):
        spool = room.open(person)
        await spool.append(b"123456789")
        await spool.close()
    await stays.close()


async def test_an_upload_of_the_usual_most_bytes_fits_into_the_usual_room_even_where_nothing_compresses() -> None:
    settings = Settings(DATABASE_URL="postgresql://localhost/sluice")
    room, person = SpoolRoom(max_files=settings.incoming_files, max_bytes=settings.staged_bytes), uuid4()
    spool = room.open(person)
    encoded = encode_chunk(person, 0, _MIB, zlib.compress(randbytes(_MIB)))
    for number in range(1, settings.upload_bytes // _MIB + 1):
        room.take(person, len(encoded), number * len(encoded))
    room.give_back(person, settings.upload_bytes // _MIB * len(encoded))
    await spool.close()
