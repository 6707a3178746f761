"""Bytes of a file as UTF-8, whatever encoding an editor or a browser left them in."""

import codecs

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
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    try:
        text = decoder.decode(content, final=complete)
    except UnicodeDecodeError:
        message = "The file is cut: it is UTF-16 text that ends inside a character. Export or copy it again."
        raise ExportError(Reason.NOT_JSON, message) from None
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")


def _utf16_encoding(content: bytes) -> str | None:
    first = content[:2]
    if first == codecs.BOM_UTF16_LE or (first[1:] == b"\0" and first[0] != 0):
        return "utf-16-le"
    if first == codecs.BOM_UTF16_BE or (first[:1] == b"\0" and first[1:] not in {b"", b"\0"}):
        return "utf-16-be"
    return None
