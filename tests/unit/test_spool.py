"""The rows of a file wait in a bounded room until all are there."""

from __future__ import annotations

from uuid import uuid4

import pytest

from coordinator.errors import Busy, PayloadTooLarge
from coordinator.spool import Spool, SpoolRoom

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
