"""Plays become tuples of PostgreSQL's binary COPY format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from struct import unpack_from

import pytest

from coordinator.copy_rows import encode_rows
from coordinator.listen_domain import PlayColumns

_MILLENNIUM = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())

_PLAYS = PlayColumns(
    played_at=[_MILLENNIUM + 1, _MILLENNIUM],
    ms_played=[1_000, 0],
    identities=b"i" * 16 + b"j" * 16,
    covers=b"c" * 16 + b"d" * 16,
    content_types=["music", "podcast"],
    track_names=["Lied", ""],
    artist_names=["Ünïcode", "Show"],
    album_names=["Album", ""],
    track_uris=["uri", ""],
    platforms=["ios", ""],
    skipped=[True, None],
    extra_covers={1: [b"e" * 16, b"f" * 16]},
)


def _tuples(content: bytes) -> Iterator[list[bytes | None]]:
    """Reads tuples as the server does: a count of columns, then each behind its length."""
    position = 0
    while position < len(content):
        (columns,) = unpack_from("!h", content, position)
        position += 2
        fields: list[bytes | None] = []
        for _ in range(columns):
            (length,) = unpack_from("!i", content, position)
            position += 4
            fields.append(None if length < 0 else content[position : position + length])
            position += max(length, 0)
        yield fields


def test_a_play_has_its_twelve_columns_in_order() -> None:
    first, _ = _tuples(encode_rows(_PLAYS))
    assert first == [
        (1_000_000).to_bytes(8, "big"),
        b"i" * 16,
        b"c" * 16,
        (1_000).to_bytes(4, "big"),
        b"music",
        b"\x01",
        b"Lied",
        "Ünïcode".encode(),
        b"Album",
        b"uri",
        b"ios",
        None,
    ]


def test_what_is_not_known_is_null_and_a_name_never_is() -> None:
    _, second = _tuples(encode_rows(_PLAYS))
    assert second[5:11] == [None, b"", b"Show", None, None, None]


def test_extra_covers_are_an_array_of_uuids() -> None:
    _, second = _tuples(encode_rows(_PLAYS))
    array = second[11]
    assert array is not None
    assert unpack_from("!iiIii", array) == (1, 0, 2950, 2, 1)
    assert array[20:] == b"\0\0\0\x10" + b"e" * 16 + b"\0\0\0\x10" + b"f" * 16


def test_columns_of_different_lengths_are_never_encoded() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        encode_rows(replace(_PLAYS, track_names=["Lied"]))
