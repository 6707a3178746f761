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


def hostile_bombs() -> Iterator[Hostile]:
    """Gives files of ten to a hundred megabytes, as they are or once they are decompressed."""
    tiny = 1_000_000
    yield Hostile("50 MB of brackets", partial(_repeat, b"[" * MIB, 50), Refused("NOT_A_HISTORY"))
    yield _bomb("50 MB of brackets in a field", b"x", b"[" * MIB, 50, Refused("TOO_DEEP"))
    yield _bomb("a number of 10 MB", b"msPlayed", b"7" * MIB, 10, Read(3, {"bad_ms_played": 1}))
    yield _bomb("a number of 10 MB that nobody wants", b"x", b"7" * MIB, 10, Read(3))
    yield _bomb("a name of 60 MB", b"trackName", b"n" * MIB, 60, Read(3, {"bad_text": 1}), quote=b'"')
    yield _bomb("a text of 60 MB that nobody wants", b"x", b"n" * MIB, 60, Read(3), quote=b'"')
    yield _bomb(
        "a name of 60 MB of escapes", b"trackName", rb"\u00e9" * 174_763, 60, Read(3, {"bad_text": 1}), quote=b'"'
    )
    yield Hostile("a row of a million keys", partial(_stream, _million_keys(tiny)), Read(2))
    yield Hostile("a million empty rows", partial(_stream, _rows(b"{}", tiny)), Read(tiny + 1, {"missing_field": tiny}))
    yield Hostile(
        "a million digits as rows", partial(_stream, _rows(b"0", tiny)), Read(tiny + 1, {"not_an_object": tiny})
    )
    yield Hostile("100 MiB of blanks", partial(_stream, _blanks(99 * MIB)), Read(1))
    yield Hostile("half a million names of one play", partial(_stream, _names_of_one_play(500_000)), Read(500_000))
    yield Hostile("1,500,000 smallest rows", partial(_stream, _smallest_rows(1_500_000)), Read(1_500_000))
    yield Hostile("a gzip bomb of 1 GB", partial(_gzip_bomb, 1024), Refused("TOO_LARGE"))
    yield Hostile("a gzip bomb of 1 GB in one row", partial(_gzip_bomb, 1024, begin=b'[{"x":"'), Refused("TOO_LARGE"))


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


def _million_keys(count: int) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield b"[" + row() + b"," + row(msPlayed=7)[:-1]
        for start in range(0, count, 1_000):
            yield b"".join(b',"k%d":%d' % (number, number) for number in range(start, start + 1_000))
        yield b"}]"

    return parts


def _rows(tiny: bytes, count: int) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield b"[" + row()
        for _ in range(count // 1_000):
            yield (b"," + tiny) * 1_000
        yield b"]"

    return parts


def _blanks(size: int) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield b"[" + row()
        for _ in range(size // MIB):
            yield b" \t\r\n" * (MIB // 4)
        yield b"]"

    return parts


def _names_of_one_play(count: int) -> Callable[[], Iterator[bytes]]:
    """Gives rows of one second, length and uri, each under another name."""
    line = (
        b'{"ts":"2019-05-01T10:00:00Z","ms_played":1000,"spotify_track_uri":"spotify:track:1",'
        b'"master_metadata_album_artist_name":"The Foxes","master_metadata_track_name":"%d"}'
    )

    def parts() -> Iterator[bytes]:
        yield b"[" + line % 0
        for start in range(1, count, 1_000):
            yield b"".join(b"," + line % number for number in range(start, min(start + 1_000, count)))
        yield b"]"

    return parts


def _smallest_rows(count: int) -> Callable[[], Iterator[bytes]]:
    """Gives plays of one episode a second; each row is hardly longer than it has to be."""

    def line(number: int) -> bytes:
        day, second = divmod(number, 86_400)
        clock = b"%02d:%02d:%02d" % (second // 3600, second // 60 % 60, second % 60)
        return b'{"ts":"2019-05-%02dT%sZ","ms_played":1,"episode_name":"a"}' % (day + 1, clock)

    def parts() -> Iterator[bytes]:
        yield b"[" + line(0)
        for start in range(1, count, 1_000):
            yield b"".join(b",\n" + line(number) for number in range(start, min(start + 1_000, count)))
        yield b"]"

    return parts


def _gzip_bomb(mebibytes: int, file: BinaryIO, begin: bytes = GOOD[:-1]) -> None:
    compressor = zlib.compressobj(9, wbits=31)
    file.write(compressor.compress(begin))
    for _ in range(mebibytes):
        file.write(compressor.compress(b" " * MIB))
    file.write(compressor.flush())
