"""Bytes of a file as UTF-8, whatever encoding an editor or a browser left them in."""

import codecs
from collections.abc import Iterable, Iterator

from export_formats.errors import ExportError, Reason

BLANKS = b" \t\r\n"
"""The four characters that JSON allows between values."""


def to_utf8(content: bytes, *, complete: bool = True) -> bytes:
    """Give the text of a file as UTF-8 without a byte order mark.

    UTF-8 comes back as it is, unchecked: what is wrong in one string costs its row, not the file. UTF-16 is
    recognised by its mark or by the zero byte beside its first character; half of a last code unit is
    dropped when the content is not `complete`.

    Raises:
        ExportError: NOT_JSON, when UTF-16 ends in the middle of a character.
    """
    if content.startswith(codecs.BOM_UTF8):
        return content[len(codecs.BOM_UTF8) :]
    encoding = _utf16_encoding(content)
    if encoding is None:
        return content
    text = _decode(_decoder(encoding), content, final=complete)
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")


def utf8_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give the text of a file, in pieces of any size, as `to_utf8` gives that of a whole one.

    Raises:
        ExportError: NOT_JSON, when the reading gets to the end of UTF-16 in the middle of a character.
    """
    waiting = iter(pieces)
    beginning = b""
    while len(beginning) < len(codecs.BOM_UTF8) and (piece := next(waiting, None)) is not None:
        beginning += piece
    encoding = _utf16_encoding(beginning)
    if encoding is None:
        yield beginning.removeprefix(codecs.BOM_UTF8)
        yield from waiting
    else:
        yield from _from_utf16(_decoder(encoding), beginning, waiting)


def _from_utf16(decoder: codecs.IncrementalDecoder, beginning: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield _decode(decoder, beginning).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    for piece in pieces:
        yield _decode(decoder, piece).encode("utf-8", "surrogatepass")
    yield _decode(decoder, b"", final=True).encode("utf-8", "surrogatepass")


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)(errors="surrogatepass")


def _decode(decoder: codecs.IncrementalDecoder, content: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(content, final=final)
    except UnicodeDecodeError:
        message = "The file is cut: it is UTF-16 text that ends inside a character. Export or copy it again."
        raise ExportError(Reason.NOT_JSON, message) from None


def _utf16_encoding(content: bytes) -> str | None:
    first = content[:2]
    if first == codecs.BOM_UTF16_LE or (first[1:] == b"\0" and first[0] != 0):
        return "utf-16-le"
    if first == codecs.BOM_UTF16_BE or (first[:1] == b"\0" and first[1:] not in {b"", b"\0"}):
        return "utf-16-be"
    return None
