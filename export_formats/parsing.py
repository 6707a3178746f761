"""One whole file to plays."""

from export_formats.encodings import to_utf8
from export_formats.errors import ExportError, Reason
from export_formats.filenames import is_named_as_video
from export_formats.formats import EMPTY, format_named
from export_formats.heads import HEAD_BYTES, recognise_head
from export_formats.merging import Merger
from export_formats.plays import ParsedFile, Plays
from export_formats.rows import RowReader
from export_formats.syntax import check_syntax


def parse(content: bytes, filename: str = "") -> ParsedFile:
    """Read a whole (decompressed) export file.

    Rows that are the same play are merged; a row that is no play is counted by its reason and costs nothing
    else. The file name only tells videos from tracks. The verdict on the first `HEAD_BYTES` is that of
    `recognise_head`.

    Raises:
        ExportError: EMPTY_FILE, NOT_JSON, NOT_A_HISTORY or TOO_DEEP: the file will never be read.
    """
    name = _recognise(content)
    if name == EMPTY:
        return ParsedFile(EMPTY, "account", Plays(), 0, 0, {})
    known = format_named(name)
    merger = Merger(known, is_video=is_named_as_video(filename))
    for rows in RowReader(known.row_type).read(to_utf8(content)):
        merger.add(rows)
    return merger.finish()


def _recognise(content: bytes) -> str:
    try:
        return recognise_head(content[:HEAD_BYTES], len(content) <= HEAD_BYTES)
    except ExportError as error:
        if error.reason is Reason.NOT_A_HISTORY:
            check_syntax(to_utf8(content))  # with the whole file at hand, broken JSON is called that
        raise
