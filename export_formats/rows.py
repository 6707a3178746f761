"""The rows of a file, decoded in blocks.

A whole list decoded at once would cost many times its bytes in objects. A block ends at a likely row end
about a mebibyte on; that it decodes proves the guess, since half a string or half an object never does.
Where it does not decode, the exact end is looked for; where that does not help either, the file is broken.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from export_formats.encodings import BLANKS
from export_formats.faults import FaultyRows
from export_formats.syntax import not_json, position_of, too_deep, without_lone_surrogates

BLOCK_BYTES = 1 << 20

_MAX_DEPTH = 2_000  # more than msgspec follows
_BLANK = re.compile(rb"[ \t\r\n]*+")
_ROW_END = re.compile(rb"\}[ \t\r\n]*+,")
# A row without nested values in one step; of any other its strings, brackets and commas. Strings may be
# unfinished: otherwise each quote in an unfinished one would be tried to the end of the text.
_STEP = re.compile(
    rb'\{[^{}\[\]"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^{}\[\]"]*+)*+\}'
    rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\],]',
    re.DOTALL,
)


class RowReader:
    """Reads lists of rows of one type."""

    def __init__(self, row_type: type[msgspec.Struct], block_bytes: int = BLOCK_BYTES) -> None:
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[row_type])  # type: ignore[valid-type]
        self._faulty = FaultyRows(row_type)
        self._block_bytes = block_bytes

    def read(self, text: bytes) -> Iterator[list[Any]]:
        """Give the rows of a JSON list (UTF-8) in order, some thousand at a time.

        In the place of a row that cannot be typed stands its Rejection.

        Raises:
            ExportError: NOT_JSON or TOO_DEEP, when the reading gets there.
        """
        start, end = _inside(text)
        if _BLANK.fullmatch(text, start, end):
            return
        while start <= end:
            rows, cut = self._read_block(text, start, end)
            if not rows:  # nothing stands between two commas, or behind the last
                raise not_json(start)
            yield rows
            start = cut + 1

    def _read_block(self, text: bytes, start: int, end: int) -> tuple[list[Any], int]:
        """Give the rows from `start` on, and where the comma behind them (or the end of the list) is."""
        cut = self._likely_end(text, start, end)
        try:
            if cut is not None:
                return self._decode(text[start:cut]), cut
        except msgspec.DecodeError:
            pass  # the guess was wrong, or the file is broken
        cut = _exact_end(text, start, start + self._block_bytes, end)
        try:
            return self._decode(text[start:cut]), cut
        except msgspec.DecodeError as error:
            raise not_json(start - 1 + position_of(error, cut - start + 1)) from None

    def _likely_end(self, text: bytes, start: int, end: int) -> int | None:
        """Give the end of a row in the next block but one, or of the list if it is nearer."""
        wanted = start + self._block_bytes
        latest = min(wanted + self._block_bytes, end)
        match = _ROW_END.search(text, wanted, latest)
        if match is not None:
            return match.end() - 1
        return end if latest == end else None

    def _decode(self, block: bytes) -> list[Any]:
        document = b"[%b]" % block
        try:
            return self._decode_strict(document)
        except RecursionError:
            raise too_deep() from None
        except msgspec.DecodeError:
            readable = without_lone_surrogates(document)
            if readable == document:
                raise
        return self._decode(readable[1:-1])

    def _decode_strict(self, document: bytes) -> list[Any]:
        try:
            return self._decoder.decode(document)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return self._faulty.read(document)


def _inside(text: bytes) -> tuple[int, int]:
    """Give where the inside of the outermost list begins and ends."""
    start = len(text) - len(text.lstrip(BLANKS))
    end = len(text.rstrip(BLANKS)) - 1
    if text[start : start + 1] != b"[":
        raise not_json(start)
    if end <= start or text[end : end + 1] != b"]":
        raise not_json(end + 1)
    return start + 1, end


def _exact_end(text: bytes, start: int, wanted: int, end: int) -> int:
    """Give the first comma between two rows that is not before `wanted`, or the end."""
    depth = 0
    for step in _STEP.finditer(text, start, end):
        first = text[step.start()]
        if first in b"{[" and step.end() - step.start() == 1:
            depth += 1
            if depth > _MAX_DEPTH:
                raise too_deep()
        elif first in b"}]":
            depth -= 1
        elif first == ord(",") and depth == 0 and step.start() >= wanted:
            return step.start()
    return end
