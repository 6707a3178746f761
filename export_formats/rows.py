"""The rows of a list, decoded in blocks.

A whole list would cost many times its bytes in objects, and its bytes as well. A block ends at a likely row end
about a mebibyte on; that it decodes proves the guess, since half a string or half an object never does.
Where it does not decode, the exact end is looked for; where that does not help either, the file is broken.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from export_formats.encodings import BLANKS
from export_formats.faults import FaultyRows
from export_formats.syntax import (
    MAX_DEPTH,
    check_beginning,
    not_json,
    position_of,
    row_too_large,
    too_deep,
    without_lone_surrogates,
)
from export_formats.windows import Window

BLOCK_BYTES = 1 << 20
MAX_ROW_BYTES = 4 << 20
"""A thousand times what the longest real row has."""

_ROW_END = re.compile(rb"\}[ \t\r\n]*+,")
# A row without nested values in one step; of any other its strings, brackets and commas. Strings may be
# unfinished: otherwise each quote in an unfinished one would be tried to the end of the text.
_STEP = re.compile(
    rb'\{[^{}\[\]"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^{}\[\]"]*+)*+\}'
    rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\],]',
    re.DOTALL,
)


class _Cut(NamedTuple):
    """Where a block ends in the window: at a comma between two rows, or at the end of the list."""

    place: int
    is_end: bool


class RowReader:
    """Reads lists of rows of one type. `block_bytes` is about how much is decoded at once."""

    def __init__(self, row_type: type[msgspec.Struct], block_bytes: int = BLOCK_BYTES) -> None:
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[row_type])  # type: ignore[valid-type]
        self._faulty = FaultyRows(row_type)
        self._block_bytes = block_bytes

    def read(self, pieces: Iterable[bytes]) -> Iterator[list[Any]]:
        """Give the rows of a JSON list (UTF-8, in pieces of any size) in order, some thousand at a time.

        In the place of a row that cannot be typed stands its Rejection.

        Raises:
            ExportError: NOT_JSON, TOO_DEEP or TOO_LARGE (a single row), when the reading gets there.
        """
        window = Window(pieces)
        _enter_list(window)
        is_first, is_end = True, False
        while not is_end:
            window.fill(2 * self._block_bytes + 1)
            rows, (place, is_end) = self._read_block(window)
            if not rows and not (is_first and is_end):  # nothing stands between two commas, or behind the last
                raise not_json(window.start)
            if rows:
                yield rows
            is_first = False
            window.drop(place if is_end else place + 1)
        _leave_list(window)

    def _read_block(self, window: Window) -> tuple[list[Any], _Cut]:
        """Give the rows at the beginning of the window, and where they end."""
        cut = self._likely_cut(window)
        try:
            if cut is not None:
                return self._decode(window.text[: cut.place]), cut
        except msgspec.DecodeError:
            pass  # the guess was wrong, or the file is broken
        cut = self._exact_cut(window)
        try:
            return self._decode(window.text[: cut.place]), cut
        except msgspec.DecodeError as error:
            raise not_json(window.start - 1 + position_of(error, cut.place + 1)) from None

    def _likely_cut(self, window: Window) -> _Cut | None:
        """Give the end of a row in the next block but one, or of the list if it is nearer."""
        latest = 2 * self._block_bytes
        match = _ROW_END.search(window.text, self._block_bytes, latest)
        if match is not None:
            return _Cut(match.end() - 1, is_end=False)
        if window.complete and len(window.text) <= latest:
            return _Cut(len(_written(window, b"]")) - 1, is_end=True)
        return None

    def _exact_cut(self, window: Window) -> _Cut:
        """Give the first comma between two rows that is not in the block, or the end of the list."""
        limit = 2 * self._block_bytes + MAX_ROW_BYTES
        while (cut := _find_cut(window.text, self._block_bytes)) is None:
            if window.complete:
                raise not_json(window.start + len(window.text.rstrip(BLANKS)))
            check_beginning(b"[" + window.text, window.start - 1)
            if len(window.text) > limit:
                raise row_too_large(MAX_ROW_BYTES)
            window.fill(min(2 * len(window.text), limit + 1))
        return cut

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


def _enter_list(window: Window) -> None:
    """Pass over the bracket that opens the list."""
    window.fill(1)
    while not window.text.strip(BLANKS) and not window.complete:
        window.drop(len(window.text))
        window.fill(1)
    window.drop(len(window.text) - len(window.text.lstrip(BLANKS)))
    if not window.text.startswith(b"["):
        raise not_json(window.start)
    window.drop(1)


def _leave_list(window: Window) -> None:
    """Pass over the bracket that closes the list; nothing may come behind it."""
    if not window.text.startswith(b"]"):
        raise not_json(window.start)
    window.drop(1)
    while not window.text.strip(BLANKS):
        window.drop(len(window.text))
        window.fill(1)
        if window.complete and not window.text:
            return
    raise not_json(window.start + len(window.text) - len(window.text.lstrip(BLANKS)))


def _written(window: Window, ending: bytes) -> bytes:
    """Give the end of the text without the blanks behind it; it has to end in this way."""
    written = window.text.rstrip(BLANKS)
    if not written.endswith(ending):
        raise not_json(window.start + len(written))
    return written


def _find_cut(text: bytes, wanted: int) -> _Cut | None:
    """Give the first comma between two rows that is not before `wanted`, or the bracket behind the last row."""
    depth = 0
    for step in _STEP.finditer(text):
        first = text[step.start()]
        if first in b"{[" and step.end() - step.start() == 1:
            depth += 1
            if depth > MAX_DEPTH:
                raise too_deep()
        elif first in b"}]":
            depth -= 1
            if depth < 0:
                return _Cut(step.start(), is_end=True)
        elif first == ord(",") and depth == 0 and step.start() >= wanted:
            return _Cut(step.start(), is_end=False)
    return None
