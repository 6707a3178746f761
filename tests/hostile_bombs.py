"""Files that would fill a careless reader's memory, or keep it busy for ever.

Each is written piece by piece, so that a test need not hold it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO

from tests.hostile_files import GOOD, Hostile, Read, Refused, row, with_value

MIB = 1 << 20
MILLION = 1_000_000


def hostile_bombs() -> Iterator[Hostile]:
    """Gives files that cost seconds: ten megabytes and more, as they are or once they are decompressed."""
    yield Hostile("50 MB of brackets", partial(_repeat, b"[" * MIB, 50), Refused("TOO_DEEP"))
    yield _bomb("50 MB of brackets in a field", b"x", b"[" * MIB, 50, Refused("TOO_DEEP"))
    yield _bomb("a number of 3 MB", b"msPlayed", b"7" * MIB, 3, Read(3, {"bad_ms_played": 1}))
    yield _bomb("a name of 3 MB", b"trackName", b"n" * MIB, 3, Read(3, {"bad_text": 1}), quote=b'"')
    yield _bomb("a text of 3 MB that nobody wants", b"x", b"n" * MIB, 3, Read(3), quote=b'"')
    yield _bomb("a number of 10 MB", b"msPlayed", b"7" * MIB, 10, Refused("TOO_LARGE"))
    yield _bomb("a number of 10 MB that nobody wants", b"x", b"7" * MIB, 10, Refused("TOO_LARGE"))
    yield Hostile("a row of a million keys", partial(_stream, _million_keys), Refused("TOO_LARGE"))
    yield Hostile("a gzip bomb of 1 GB", partial(_gzip_bomb, 1024), Refused("TOO_LARGE"))
    yield Hostile(
        "a gzip bomb of 1 GB in one row", partial(_gzip_bomb, 1024, begin=GOOD[:-1] + b',{"x":"'), Refused("TOO_LARGE")
    )


def slow_bombs() -> Iterator[Hostile]:
    """Gives files that cost up to a minute: as large as a file may be, or of a million rows."""
    escapes = rb"\u00e9" * (MIB // 6)
    yield _bomb("a name of 60 MB", b"trackName", b"n" * MIB, 60, Refused("TOO_LARGE"), quote=b'"')
    yield _bomb("a text of 60 MB that nobody wants", b"x", b"n" * MIB, 60, Refused("TOO_LARGE"), quote=b'"')
    yield _bomb("a name of 60 MB of escapes", b"trackName", escapes, 60, Refused("TOO_LARGE"), quote=b'"')
    yield Hostile("a million empty rows", partial(_rows, b"{}"), Read(MILLION + 1, {"missing_field": MILLION}))
    yield Hostile("a million digits as rows", partial(_rows, b"0"), Read(MILLION + 1, {"not_an_object": MILLION}))
    yield Hostile("100 MB of blanks", partial(_stream, _blanks), Refused("TOO_LARGE"))
    yield Hostile("a million names of one play", partial(_stream, _names_of_one_play), Refused("TOO_MANY_NAMES"))
    yield Hostile("1,500,000 smallest rows", partial(_stream, _smallest_rows), Read(1_500_000))


def _stream(parts: Callable[[], Iterable[bytes]], file: BinaryIO) -> None:
    for part in parts():
        file.write(part)


def _repeat(part: bytes, times: int, file: BinaryIO) -> None:
    for _ in range(times):
        file.write(part)


def _bomb(
    name: str, field_name: bytes, part: bytes, times: int, outcome: Read | Refused, quote: bytes = b""
) -> Hostile:
    """Makes a file of three rows, the second of which has one huge value."""

    def write(file: BinaryIO) -> None:
        begin, end = with_value(field_name.decode(), b"VALUE").split(b"VALUE")
        file.write(b"[" + row() + b"," + begin + quote)
        _repeat(part, times, file)
        file.write(quote + end + b"," + row(msPlayed=2_000) + b"]")

    return Hostile(name, write, outcome)


def _million_keys() -> Iterator[bytes]:
    yield b"[" + row() + b"," + row(msPlayed=7)[:-1]
    for number in range(MILLION):
        yield b',"k%d":%d' % (number, number)
    yield b"}]"


def _rows(tiny: bytes, file: BinaryIO) -> None:
    file.write(b"[" + row())
    _repeat((b"," + tiny) * 1_000, MILLION // 1_000, file)
    file.write(b"]")


def _blanks() -> Iterator[bytes]:
    yield b"[" + row()
    for _ in range(99):
        yield b" \t\r\n" * (MIB // 4)
    yield b"]"


def _names_of_one_play() -> Iterator[bytes]:
    """Gives rows of one second, length and uri, each under another name."""
    for number in range(MILLION):
        yield b"," if number else b"["
        yield b'{"ts":"2019-05-01T10:00:00Z","ms_played":1,"spotify_track_uri":"a","episode_name":"%d"}' % number
    yield b"]"


def _smallest_rows() -> Iterator[bytes]:
    """Gives plays of one episode, a second apart; no row could be much shorter."""
    for number in range(1_500_000):
        day, second = divmod(number, 86_400)
        clock = b"%02d:%02d:%02d" % (second // 3600, second // 60 % 60, second % 60)
        yield b",\n" if number else b"["
        yield b'{"ts":"2019-05-%02dT%bZ","ms_played":1,"episode_name":"a"}' % (day + 1, clock)
    yield b"]"


def _gzip_bomb(mebibytes: int, file: BinaryIO, begin: bytes = GOOD[:-1]) -> None:
    file.write(b"\x1f\x8b\x08" + b"\0" * 7)
    for part in repeated_deflate(begin, b" " * MIB, mebibytes, b""):
        file.write(part)
    file.write(b"\0" * 8)  # nobody gets as far as the checksum


def repeated_deflate(begin: bytes, filler: bytes, times: int, end: bytes) -> Iterator[bytes]:
    """Compresses a text with the same filler so many times in the middle, in the time that one of them takes."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    yield compressor.compress(begin) + compressor.flush(zlib.Z_FULL_FLUSH)
    # Nothing of what stands before a full flush is referred to behind it.
    block = compressor.compress(filler) + compressor.flush(zlib.Z_FULL_FLUSH)
    yield from (block for _ in range(times))
    yield compressor.compress(end) + compressor.flush()
