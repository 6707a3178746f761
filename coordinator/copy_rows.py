"""Plays as tuples of PostgreSQL's binary COPY format: the quickest way in, and no text to escape.

The format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". The columns are those of
sql/queries/copy_listens.sql, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from struct import Struct

from coordinator.listen_domain import PlayColumns

COPY_START = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"

_COLUMNS = 12
_UUID_OID = 2950
_NULL = b"\xff\xff\xff\xff"
# PostgreSQL counts microseconds from here.
_EPOCH = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())

# How many columns, then the four of fixed length, each behind its own: time, identity, cover, milliseconds.
_beginning = Struct("!h iq i16s i16s ii").pack
_length = Struct("!i").pack
# An array: its length in bytes, then 1 dimension, no nulls, the type, how many, from 1.
_array = Struct("!i iiI ii").pack
_hashes = Struct("16s").iter_unpack

_SKIPPED = {None: _NULL, False: _length(1) + b"\x00", True: _length(1) + b"\x01"}


class _Lengths(dict[int, bytes]):
    """The four bytes of each length, made once."""

    def __missing__(self, length: int) -> bytes:
        packed = self[length] = _length(length)
        return packed


_LENGTHS = _Lengths()
_LENGTHS_OR_NULL = _Lengths({0: _NULL})


def encode_rows(plays: PlayColumns) -> bytes:
    """Returns one tuple a play, without the format's beginning and end: batches follow one another."""
    tuples = zip(
        _beginnings(plays),
        *_texts(plays.content_types),
        map(_SKIPPED.__getitem__, plays.skipped),
        *_texts(plays.track_names),
        *_texts(plays.artist_names),
        *_texts(plays.album_names, _LENGTHS_OR_NULL),
        *_texts(plays.track_uris, _LENGTHS_OR_NULL),
        *_texts(plays.platforms, _LENGTHS_OR_NULL),
        _extra_covers(plays),
        strict=True,
    )
    return b"".join(chain.from_iterable(tuples))


def _beginnings(plays: PlayColumns) -> Iterator[bytes]:
    times = ((second - _EPOCH) * 1_000_000 for second in plays.played_at)
    identities = chain.from_iterable(_hashes(plays.identities))
    covers = chain.from_iterable(_hashes(plays.covers))
    eight, sixteen, four = repeat(8), repeat(16), repeat(4)
    return map(_beginning, repeat(_COLUMNS), eight, times, sixteen, identities, sixteen, covers, four, plays.ms_played)


def _texts(texts: Sequence[str], lengths: _Lengths = _LENGTHS) -> tuple[Iterable[bytes], Iterable[bytes]]:
    """Returns lengths and bytes as two columns: to put them together one by one would take twice the time."""
    encoded = [text.encode() for text in texts]
    return map(lengths.__getitem__, map(len, encoded)), encoded


def _extra_covers(plays: PlayColumns) -> Iterator[bytes]:
    arrays = {place: _covers(covers) for place, covers in plays.extra_covers.items()}
    return (arrays.get(place, _NULL) for place in range(len(plays)))


def _covers(covers: Sequence[bytes]) -> bytes:
    elements = b"".join(_length(16) + cover for cover in covers)
    return _array(20 + len(elements), 1, 0, _UUID_OID, len(covers), 1) + elements
