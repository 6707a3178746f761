"""The rows of a file that has one on each line, decoded in blocks; the counterpart of `rows`."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from export_formats.encodings import BLANKS
from export_formats.faults import FaultyRows
from export_formats.rows import BLOCK_BYTES, MAX_ROW_BYTES
from export_formats.syntax import not_json, position_of, row_too_large, too_deep, without_lone_surrogates
from export_formats.windows import Window


class LineReader:
    """Reads rows of one type, a JSON value a line. `block_bytes` is about how much is decoded at once."""

    def __init__(self, row_type: type[msgspec.Struct], block_bytes: int = BLOCK_BYTES) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row_type)
        self._faulty = FaultyRows(row_type)
        self._block_bytes = block_bytes

    def read(self, pieces: Iterable[bytes]) -> Iterator[list[Any]]:
        """Give the rows (UTF-8, in pieces of any size) in order, some thousand at a time; empty lines are none.

        In the place of a row that cannot be typed stands its Rejection.

        Raises:
            ExportError: NOT_JSON, TOO_DEEP or TOO_LARGE (a single row), when the reading gets there.
        """
        window = Window(pieces)
        while not (window.complete and not window.text):
            end = self._find_end(window)
            if rows := self._read_block(window.text[:end], window.start):
                yield rows
            window.drop(end)

    def _find_end(self, window: Window) -> int:
        """Give where the last line ends that is wholly in the window."""
        wanted = self._block_bytes
        while True:
            window.fill(wanted)
            if window.complete:
                return len(window.text)
            if end := window.text.rfind(b"\n") + 1:
                return end
            if wanted > MAX_ROW_BYTES:
                raise row_too_large(MAX_ROW_BYTES)
            wanted *= 2

    def _read_block(self, block: bytes, start: int) -> list[Any]:
        try:
            return self._decoder.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return list(self._read_lines(block, start))

    def _read_lines(self, block: bytes, start: int) -> Iterator[Any]:
        """Give the rows one by one, since something is wrong with some of them."""
        for line in block.splitlines(keepends=True):
            if line.strip(BLANKS):
                yield self._read_line(line, start)
            start += len(line)

    def _read_line(self, line: bytes, start: int) -> Any:
        readable = without_lone_surrogates(line)
        try:
            (row,) = self._faulty.read(b"[%b]" % readable)
        except msgspec.DecodeError as error:
            raise not_json(start - 1 + position_of(error, len(line) + 1)) from None
        except RecursionError:
            raise too_deep() from None
        except ValueError:  # two values on a line
            raise not_json(start + len(line)) from None
        return row
