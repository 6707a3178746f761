"""Plays written as a file, piece by piece."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from gateway.listen_views import CONTENT_TYPE_NAMES, SKIPPED_VALUES, SOURCE_NAMES, ListenView
from protos.listens.v1.listen_pb2 import Listen

FormatName = Literal["csv", "json"]

# A program that opens the file would take a cell that begins so for a formula of its own.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_encode = msgspec.json.Encoder().encode


class ListenFile(ABC):
    """A file in the making: what it begins with, plays, and what makes it whole."""

    media_type: str
    start: bytes
    end: bytes

    @abstractmethod
    def write(self, plays: Sequence[Listen]) -> bytes:
        """Returns the next piece."""


class CsvFile(ListenFile):
    """RFC 4180 in UTF-8. What could be a formula gets an apostrophe before it: not to the letter, unlike JSON."""

    media_type = "text/csv; charset=utf-8"
    end = b""

    def __init__(self) -> None:
        self.start = _csv_lines([list(_COLUMNS)])

    def write(self, plays: Sequence[Listen]) -> bytes:
        """Returns a line a play."""
        return _csv_lines([_cell(value) for value in _values(play)] for play in plays)


class JsonFile(ListenFile):
    """An array with an object a play, as the list of plays has them; nothing is lost."""

    media_type = "application/json"
    start = b"["
    end = b"\n]\n"

    def __init__(self) -> None:
        self._separator = b"\n"

    def write(self, plays: Sequence[Listen]) -> bytes:
        """Returns a line a play."""
        pieces: list[bytes] = []
        for play in plays:
            pieces += self._separator, _encode(dict(zip(_COLUMNS, _values(play), strict=True)))
            self._separator = b",\n"
        return b"".join(pieces)


FILES: dict[FormatName, Callable[[], ListenFile]] = {"csv": CsvFile, "json": JsonFile}

_COLUMNS = tuple(str(field.alias) for field in ListenView.model_fields.values())

Value = str | int | bool | None


def _values(play: Listen) -> tuple[Value, ...]:
    """Returns what the columns say of a play, in their order."""
    return (
        _iso(play.played_at.seconds, play.played_at.nanos),
        play.ms_played,
        CONTENT_TYPE_NAMES[play.content_type],
        play.track_name,
        play.artist_name,
        play.album_name or None,
        play.track_uri or None,
        play.platform or None,
        SKIPPED_VALUES.get(play.skipped),
        SOURCE_NAMES[play.source],
    )


def _iso(seconds: int, nanos: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _csv_lines(lines: Iterable[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()
