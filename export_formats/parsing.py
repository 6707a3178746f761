"""One file to plays."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from export_formats.encodings import utf8_pieces
from export_formats.errors import ExportError, Reason
from export_formats.filenames import is_named_as_video
from export_formats.formats import EMPTY, format_named
from export_formats.formats.format import Format
from export_formats.heads import HEAD_BYTES, is_a_list, recognise_beginning, take_head
from export_formats.inflating import decompressed
from export_formats.later_covers import LaterCovers
from export_formats.lines import LineReader
from export_formats.merging import Merger
from export_formats.plays import FileSummary, ParsedFile, Plays
from export_formats.rows import RowReader

MAX_FILE_BYTES = 100 << 20


class _AnyRow(msgspec.Struct, gc=False):
    """A row of which nothing is asked."""


class ExportReader:
    """Reads an export file, compressed with gzip or not, in pieces of any size; what it holds does not grow with them.

    First its `parts`, to the end; then `summary`, and `later_covers`: the covers under which plays were seen again,
    by their place among all plays.

    `limit_bytes` is what the file may have when decompressed. Its name only tells videos from tracks. The verdict on
    the first `HEAD_BYTES` is that of `recognise_head`.
    """

    def __init__(self, pieces: Iterable[bytes], filename: str = "", limit_bytes: int = MAX_FILE_BYTES) -> None:
        self._pieces = decompressed(pieces, limit_bytes)
        self._filename = filename
        self.summary = FileSummary(EMPTY, "account", 0, 0, 0, {}, ())
        self.later_covers = LaterCovers()

    def parts(self) -> Iterator[Plays]:
        """Give the plays, some thousand at a time. Rows that are the same play are merged.

        Raises:
            ExportError: EMPTY_FILE, NOT_JSON, NOT_A_HISTORY, TOO_DEEP, TOO_LARGE, TOO_MANY_NAMES or GZIP_BROKEN, when
                the reading gets there: the file is of no use, and neither is what was given of it.
        """
        head = take_head(self._pieces)
        text = utf8_pieces(chain([head], self._pieces))
        name = _recognise(head, text)
        if name == EMPTY:
            return
        known = format_named(name)
        merger = Merger(known, is_video=is_named_as_video(self._filename))
        for rows in _read_rows(known, text):
            yield from merger.add(rows)
        yield from merger.finish()
        self.summary, self.later_covers = merger.summary(), merger.later_covers


def parse(content: bytes, filename: str = "") -> ParsedFile:
    """Read a whole export file at once; see `ExportReader`, whose errors it raises."""
    reader = ExportReader([content], filename, limit_bytes=max(len(content), MAX_FILE_BYTES))
    plays = Plays()
    for part in reader.parts():
        plays.append(part)
    for place, covers in reader.later_covers.of_plays(0, len(plays)):
        plays.more_covers[place] = covers
    summary = reader.summary
    return ParsedFile(
        summary.format,
        summary.source,
        summary.play_count,
        summary.total_rows,
        summary.merged_rows,
        summary.rejections,
        summary.rejected_rows,
        plays,
    )


def _read_rows(known: Format, text: Iterator[bytes]) -> Iterator[list[Any]]:
    beginning = take_head(text)
    reader = RowReader(known.row_type) if is_a_list(beginning) else LineReader(known.row_type)
    return reader.read(chain([beginning], text))


def _recognise(head: bytes, text: Iterator[bytes]) -> str:
    try:
        return recognise_beginning(head)
    except ExportError as error:
        if error.reason is Reason.NOT_A_HISTORY and len(head) > HEAD_BYTES:
            _check_list(text)  # with the whole file at hand, broken JSON is called that
        raise


def _check_list(text: Iterator[bytes]) -> None:
    """Read a list of anything, for its syntax alone; whatever is no list passes."""
    beginning = take_head(text)
    if not is_a_list(beginning):
        return
    try:
        for _ in RowReader(_AnyRow).read(chain([beginning], text)):
            pass
    except ExportError as error:
        if error.reason is not Reason.TOO_LARGE:
            raise
