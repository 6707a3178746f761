"""JSON as such: is it whole, and where does it break.

msgspec reads strictly (no NaN, no comments, nothing behind the end), with two things to know: it refuses a
lone surrogate escape, which JSON allows, and it gives up on deep nesting with a RecursionError.
"""

import re

import msgspec

from export_formats.errors import ExportError, Reason

MAX_DEPTH = 2_000
"""More than msgspec follows, and a hundred times what any history has."""

_value: msgspec.json.Decoder[msgspec.Raw] = msgspec.json.Decoder(msgspec.Raw)
_POSITION = re.compile(r"\(byte ([0-9]+)\)")

# Whole pairs, as many as there are, or half of one; beginning with plain letters, for which a search is quick. What
# only looks like an escape, because its backslash is escaped itself, is told apart by counting backwards from there.
_SURROGATES = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+)?+|[c-fC-F][0-9a-fA-F]{2})"
)
_BACKSLASH = ord("\\")
_NUL = rb"\u0000"


def check_syntax(text: bytes) -> None:
    """Read UTF-8 text as one JSON value of any shape, without keeping it.

    Raises:
        ExportError: NOT_JSON with the position, or TOO_DEEP.
    """
    try:
        _value.decode(without_lone_surrogates(text))
    except msgspec.DecodeError as error:
        raise not_json(position_of(error, len(text))) from None
    except RecursionError:
        raise too_deep() from None


def check_beginning(text: bytes, start: int) -> None:
    """Read UTF-8 text as the beginning of one JSON value, which may be cut anywhere; `start` is its position.

    Raises:
        ExportError: NOT_JSON with the position, or TOO_DEEP.
    """
    try:
        _value.decode(without_lone_surrogates(text))
    except msgspec.DecodeError as error:
        # Cut behind "-" or "1." it is called malformed at its end.
        if (position := position_of(error, len(text))) < len(text):
            raise not_json(start + position) from None
    except RecursionError:
        raise too_deep() from None


def without_lone_surrogates(text: bytes) -> bytes:
    """Put an escaped NUL in the place of each lone surrogate escape, which is as bad but can be read.

    The length stays, so positions stay true.
    """
    return _SURROGATES.sub(_without_lone_ones, text)


def _without_lone_ones(match: re.Match[bytes]) -> bytes:
    found, half = match[0], len(_NUL)
    if _is_escaped(match.string, match.start()):
        return found[:half] + _NUL + found[2 * half :] if match[1] else found
    return found if match[1] else _NUL


def _is_escaped(text: bytes, position: int) -> bool:
    """Tell whether the backslash at a position is the second one of an escape."""
    first = position
    while first and text[first - 1] == _BACKSLASH:
        first -= 1
    return (position - first) % 2 == 1


def not_json(position: int) -> ExportError:
    """Give the error for text that stops being JSON at a byte (counted from 0, in UTF-8, without a mark)."""
    message = f"The file is not valid JSON: it breaks at byte {position:,}. Take it from the export again."
    return ExportError(Reason.NOT_JSON, message)


def row_too_large(limit: int) -> ExportError:
    """Give the error for a row that is larger than any play."""
    message = f"A row of the file has more than {limit:,} bytes, which no play has. Take it from the export again."
    return ExportError(Reason.TOO_LARGE, message)


def too_deep() -> ExportError:
    """Give the error for values nested deeper than any history."""
    return ExportError(Reason.TOO_DEEP, "The file nests values deeper than any listening history does.")


def position_of(error: msgspec.DecodeError, end: int) -> int:
    """Give the position that a message of msgspec names, or the end for input that was cut."""
    match = _POSITION.search(str(error))
    return int(match[1]) if match else end
