"""Files that would harm a careless reader, each with what is to become of it.

These are small, and sent as JSON; larger ones stand in `hostile_bombs`, archives in `hostile_archives`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Read:
    """The file is read: so many rows, of which these are no plays, by reason."""

    rows: int
    rejections: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is refused for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: what is wrong with it, how it is written, and what is to become of it."""

    name: str
    write: Callable[[BinaryIO], None]
    outcome: Read | Refused

    @property
    def content(self) -> bytes:
        """The whole file, for those that are small."""
        parts: list[bytes] = []
        self.write(_Parts(parts))  # type: ignore[arg-type]
        return b"".join(parts)

    def save(self, path: Path) -> Path:
        """Writes the file to the disk."""
        with path.open("wb") as file:
            self.write(file)
        return path


class _Parts:
    """Takes what is written."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def write(self, content: bytes) -> None:
        self._parts.append(content)


def row(**changes: Any) -> bytes:
    """Writes a row of account data."""
    fields = {"endTime": "2019-05-01 10:00", "artistName": "The Foxes", "trackName": "Ashes", "msPlayed": 1_000}
    return json.dumps(fields | changes).encode()


def listed(*rows: bytes) -> bytes:
    """Writes rows as a file."""
    return b"[" + b",".join(rows) + b"]"


def with_value(name: str, value: bytes) -> bytes:
    """Writes a row with one value as it is."""
    return row(**{name: "VALUE"}).replace(b'"VALUE"', value)


GOOD = listed(row(), row(msPlayed=2_000), row(msPlayed=3_000))
TEXT = GOOD.decode()


def hostile_files() -> Iterator[Hostile]:
    """Gives them one by one."""
    for name, content, reason in _REFUSED:
        yield Hostile(name, partial(_write, content), Refused(reason))
    for name, content, rows, rejections in _READ:
        yield Hostile(name, partial(_write, content), Read(rows, rejections))


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


_DEEP = b"[" * 50_000 + b"]" * 50_000
_GZIP = gzip.compress(GOOD, mtime=0)

_REFUSED: tuple[tuple[str, bytes, str], ...] = (
    ("nothing", b"", "EMPTY_FILE"),
    ("a newline", b"\n", "EMPTY_FILE"),
    ("blanks", b" \t\r\n" * 100, "EMPTY_FILE"),
    ("a mark and nothing", b"\xef\xbb\xbf", "EMPTY_FILE"),
    ("100 KB of blanks", b" " * 100_000 + GOOD, "NOT_JSON"),
    ("a stray letter between rows", listed(row(), row() + b"x", row()), "NOT_JSON"),
    ("a stray letter far behind", listed(*[row()] * 2_000, row() + b"x"), "NOT_JSON"),
    ("no opening bracket", GOOD[1:], "NOT_JSON"),
    ("no closing bracket", GOOD[:-1], "NOT_JSON"),
    ("cut in a row far behind", listed(*[row()] * 2_000)[:-20], "NOT_JSON"),
    ("rows without a list", GOOD[1:-1].replace(b"},{", b"}\n{"), "NOT_JSON"),
    ("two lists", GOOD + GOOD, "NOT_JSON"),
    ("something behind the list", GOOD + b" x", "NOT_JSON"),
    ("a comma too many", GOOD[:-1] + b",]", "NOT_JSON"),
    ("single quotes", GOOD.replace(b'"', b"'"), "NOT_JSON"),
    ("a comment", GOOD[:-1] + b"/* the end */]", "NOT_JSON"),
    ("a NUL between rows", listed(row(), b"\0" + row()), "NOT_JSON"),
    ("a NUL at the beginning", b"\0\0" + GOOD, "NOT_JSON"),
    ("a NUL in a string", listed(row(), with_value("trackName", b'"a\0b"')), "NOT_JSON"),
    ("a line end in a string", listed(row(), with_value("trackName", b'"a\nb"')), "NOT_JSON"),
    ("NaN", listed(row(), with_value("msPlayed", b"NaN")), "NOT_JSON"),
    ("Infinity", listed(row(), with_value("x", b"-Infinity")), "NOT_JSON"),
    ("half a character of UTF-16", ("\ufeff" + TEXT).encode("utf-16-le")[:-1], "NOT_JSON"),
    ("UTF-16 that is none", b"\xff\xfe" + GOOD, "NOT_JSON"),
    ("UTF-32", TEXT.encode("utf-32"), "NOT_JSON"),
    ("100 KB of brackets", b"[" * 100_000, "TOO_DEEP"),
    ("50 KB of brackets", b"[" * 50_000, "TOO_DEEP"),
    ("50,000 lists in each other", _DEEP, "TOO_DEEP"),
    ("50,000 lists in a field", listed(row(), with_value("x", _DEEP), row()), "TOO_DEEP"),
    ("50,000 objects in a field", listed(row(), with_value("x", b'{"a":' * 50_000 + b"0" + b"}" * 50_000)), "TOO_DEEP"),
    ("50,000 open objects in a field", listed(row(), with_value("x", b'{"a":' * 50_000)), "TOO_DEEP"),
    ("50,000 lists for a name", listed(row(), with_value("trackName", _DEEP)), "TOO_DEEP"),
    ("50,000 lists for a row", listed(row(), _DEEP), "TOO_DEEP"),
    ("rows in a list in a list", b"[" + GOOD + b"]", "NOT_A_HISTORY"),
    ("rows in an object", b'{"rows":' + GOOD + b"}", "NOT_A_HISTORY"),
    ("a number", b"17", "NOT_A_HISTORY"),
    ("another kind of list", b'[{"name": "A playlist"}]', "NOT_A_HISTORY"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "NOT_JSON"),
    ("a page", b"<!doctype html><title>Sign in</title>", "NOT_JSON"),
    ("a table", b"endTime,artistName,trackName,msPlayed\n", "NOT_JSON"),
    ("an archive", b"PK\x03\x04" + b"\0" * 100, "IS_AN_ARCHIVE"),
    ("gzip that is cut", _GZIP[:-9], "GZIP_BROKEN"),
    ("gzip that is cut in its head", _GZIP[:6], "GZIP_BROKEN"),
    ("gzip with a wrong checksum", _GZIP[:-8] + b"\0\0\0\0" + _GZIP[-4:], "GZIP_BROKEN"),
    ("gzip with a wrong size", _GZIP[:-4] + b"\1\1\1\1", "GZIP_BROKEN"),
    ("gzip with something behind", _GZIP + b"something", "GZIP_BROKEN"),
    ("gzip of 20,000 empty parts", gzip.compress(b"", mtime=0) * 20_000 + _GZIP, "GZIP_BROKEN"),
    ("gzip of nothing", gzip.compress(b"", mtime=0), "EMPTY_FILE"),
    ("gzip of gzip", gzip.compress(_GZIP, mtime=0), "NOT_JSON"),
)

_READ: tuple[tuple[str, bytes, int, Mapping[str, int]], ...] = (
    ("a list of nothing", b"[ ]", 0, {}),
    ("a mark", b"\xef\xbb\xbf" + GOOD, 3, {}),
    ("UTF-16 LE with a mark", ("\ufeff" + TEXT).encode("utf-16-le"), 3, {}),
    ("UTF-16 BE with a mark", ("\ufeff" + TEXT).encode("utf-16-be"), 3, {}),
    ("UTF-16 LE", TEXT.encode("utf-16-le"), 3, {}),
    ("UTF-16 BE", TEXT.encode("utf-16-be"), 3, {}),
    (
        "UTF-16 with half a pair",
        TEXT.replace("Ashes", "\udc00", 1).encode("utf-16-le", "surrogatepass"),
        3,
        {"bad_text": 1},
    ),
    ("half a pair, escaped", listed(row(), with_value("trackName", rb'"a\udfaab"')), 2, {"bad_text": 1}),
    ("half a pair, escaped, in no name", listed(row(), with_value("x", rb'"a\ud800b"')), 2, {}),
    ("half a pair, raw", listed(row(), with_value("trackName", b'"\xed\xa0\x80"')), 2, {"bad_text": 1}),
    ("a byte that is no UTF-8", listed(row(), with_value("artistName", b'"\xff"')), 2, {"bad_text": 1}),
    ("a byte that is no UTF-8 in no name", listed(row(), with_value("x", b'"\xff"')), 2, {}),
    ("a NUL, escaped", listed(row(), with_value("trackName", rb'"a\u0000b"')), 2, {"bad_text": 1}),
    ("a name of 2,000 characters", listed(row(trackName="é" * 2000)), 1, {}),
    ("a name of 2,001 characters", listed(row(), row(trackName="é" * 2001)), 2, {"bad_text": 1}),
    ("names of control characters", listed(row(trackName="\x01\x1b[31m\x7f\u202e\u200b", artistName="\r\n")), 1, {}),
    ("a length of 1e400", listed(row(), with_value("msPlayed", b"1e400")), 2, {"bad_ms_played": 1}),
    ("a length of 5,000 digits", listed(row(), with_value("msPlayed", b"9" * 5_000)), 2, {"bad_ms_played": 1}),
    ("a length of 2 to the 64", listed(row(), row(msPlayed=2**64)), 2, {"bad_ms_played": 1}),
    ("a length below nothing", listed(row(), row(msPlayed=-1)), 2, {"bad_ms_played": 1}),
    ("a number of 5,000 digits that nobody wants", listed(row(), with_value("x", b"-" + b"9" * 5_000)), 2, {}),
    ("a time of the year 9999", listed(row(), row(endTime="9999-12-31 23:59")), 2, {"bad_time": 1}),
    ("a time in other digits", listed(row(), row(endTime="\u0662\u0660\u0661\u0669-05-01 10:00")), 2, {"bad_time": 1}),
    ("keys that come twice", listed(row(), b'{"trackName":"a",' + row()[1:]), 2, {}),
    ("rows that are no objects", listed(row(), b"null", b"[]", b'"x"', b"1", GOOD), 6, {"not_an_object": 5}),
    ("a row in a row", listed(row(), with_value("x", row())), 2, {}),
    ("10,000 rows that are one", listed(*[row()] * 10_000), 10_000, {}),
    ("names that look like JSON", listed(row(trackName='"},{"a":['), row(trackName="]}")), 2, {}),
    ("500 lists in each other in a field", listed(row(), with_value("x", b"[" * 500 + b"]" * 500)), 2, {}),
    ("gzip", _GZIP, 3, {}),
    ("gzip in two parts", gzip.compress(GOOD[:50], mtime=0) + gzip.compress(GOOD[50:], mtime=0), 3, {}),
    ("gzip with zeros behind", _GZIP + b"\0" * 1_000, 3, {}),
)
