"""What a file is, told from its first bytes.

The gateway sees no more than those, so they may end anywhere: in a row, in a string, in a character. A row
counts as soon as it has the keys of a known format; rows of another shape before it are passed over.
"""

import re
from collections.abc import Iterator

from export_formats.encodings import BLANKS, to_utf8
from export_formats.errors import ExportError, Reason
from export_formats.formats import EMPTY, FORMATS, LINE_FORMATS, format_of_cut_row, format_of_row
from export_formats.syntax import MAX_DEPTH, check_syntax, not_json, too_deep

HEAD_BYTES = 65_536
"""How much of a file `recognise_head` wants to see."""

_TOKEN = re.compile(
    rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"|[{}\[\]:,]|[ \t\r\n]++'
    rb"|(?:true|false|null|-?[0-9][-+.0-9eE]*+)(?![a-zA-Z])"
)
_CUT_TOKEN = re.compile(rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+\\?|-|t|tr|tru|f|fa|fal|fals|n|nu|nul')
_NO_ROWS = re.compile(rb"[ \t\r\n]*+\[[ \t\r\n]*+\][ \t\r\n]*+")
_NESTING = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_CLOSING = {b"}", b"]"}
_MAGICS = {
    b"PK\x03\x04": "The file is a ZIP archive, not a JSON file: upload it as an archive.",
    b"\x1f\x8b": "The file is compressed with gzip: decompress it first.",
}


def recognise_head(head: bytes, complete: bool) -> str:
    """Tell the format of a file from its first `HEAD_BYTES`, or from all of it when `complete`.

    Gives one of `FORMAT_NAMES`; "empty" is a list without rows. The name of a file plays no part. A file
    that breaks behind its first recognisable row passes here and fails in `parse`.

    Raises:
        ExportError: EMPTY_FILE, NOT_JSON, NOT_A_HISTORY or TOO_DEEP.
    """
    _refuse_blank(head, complete)
    text = to_utf8(head, complete=complete)
    _refuse_blank(text, complete)
    if complete and _NO_ROWS.fullmatch(text):
        return EMPTY
    is_list = is_a_list(text)
    among = FORMATS if is_list else LINE_FORMATS
    for place, (keys, whole) in enumerate(_rows(text, complete, level=int(is_list))):
        found = format_of_row(keys, among)
        if found is None and place == 0 and not whole:
            found = format_of_cut_row(keys, among)  # the first row is longer than the head
        if found is not None:
            return found.name
    if complete:
        check_syntax(text)
    raise _not_a_history(is_list)


def take_head(pieces: Iterator[bytes]) -> bytes:
    """Take the first pieces of a file: more than `HEAD_BYTES` bytes of them, or all that there are."""
    parts: list[bytes] = []
    size = 0
    while size <= HEAD_BYTES and (piece := next(pieces, None)) is not None:
        parts.append(piece)
        size += len(piece)
    return b"".join(parts)


def recognise_beginning(beginning: bytes) -> str:
    """Tell the format of a file from what `take_head` gave; see `recognise_head`."""
    return recognise_head(beginning[:HEAD_BYTES], len(beginning) <= HEAD_BYTES)


def _refuse_blank(text: bytes, complete: bool) -> None:
    if text.strip(BLANKS):
        return
    if complete:
        raise ExportError(Reason.EMPTY_FILE, "The file is empty. Take it from the export again.")
    message = f"The file begins with {len(text):,} blank bytes and is no history. Take it from the export again."
    raise ExportError(Reason.NOT_JSON, message)


def is_a_list(text: bytes) -> bool:
    """Tell whether a text begins as a list does, and not with the first of its rows."""
    return text.lstrip(BLANKS).startswith(b"[")


def _rows(text: bytes, complete: bool, level: int) -> Iterator[tuple[frozenset[str], bool]]:
    """Give the keys of every object in the outermost list, and whether it was seen to its end.

    Level 1 is that; at level 0 the objects stand behind each other.
    """
    depth = 0
    keys: set[str] = set()
    last = b""
    for token, position in _tokens(text):
        if depth == 0 and last and (level or token != b"{"):
            raise not_json(position)
        depth += _NESTING.get(token, 0)
        if depth > MAX_DEPTH:
            raise too_deep()
        if depth == level and token in _CLOSING:
            yield frozenset(keys), True
            keys.clear()
        elif depth == level + 1 and token == b":":
            keys.add(last[1:-1].decode(errors="replace"))
        last = token
    if depth and complete:
        raise not_json(len(text))
    if depth > level:
        yield frozenset(keys), False


def _tokens(text: bytes) -> Iterator[tuple[bytes, int]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if _CUT_TOKEN.fullmatch(text, position):
                return
            raise _unreadable(text, position)
        if not match[0].isspace():
            yield match[0], position
        position = match.end()


def _unreadable(text: bytes, position: int) -> ExportError:
    for magic, message in _MAGICS.items():
        if text.startswith(magic):
            return ExportError(Reason.NOT_JSON, message)
    return not_json(position)


def _not_a_history(is_list: bool) -> ExportError:
    seen = "none of its first rows is a play" if is_list else "it is not a list of plays"
    message = f"The file is no listening history: {seen}. Upload the files named StreamingHistory or endsong."
    return ExportError(Reason.NOT_A_HISTORY, message)
