"""Undoes gzip as the bytes come in, counting what comes out."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from export_formats.errors import ExportError, Reason

PIECE_BYTES: Final = 1 << 20
GZIP_MAGIC: Final = b"\x1f\x8b"
"""How every gzip file begins."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_INPUT_BYTES: Final = 1 << 16  # what is left of the input is copied for each piece of output: keep it short
_MAX_PARTS: Final = 10_000  # parts may be put behind each other; empty ones would cost without adding up


class Inflater:
    """Decompresses one gzip file, which may consist of several parts.

    `limit` is the largest number of bytes that may come out. The memory used does not depend on the input.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._parts = 0
        self._part: zlib._Decompress | None = None

    @property
    def size(self) -> int:
        """How many bytes came out so far."""
        return self._size

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take the next bytes of the file and give what they hold, in pieces of at most `PIECE_BYTES`.

        Nothing happens before the pieces are asked for, and all of them have to be.

        Raises:
            ExportError: TOO_LARGE or GZIP_BROKEN; the file is of no use then.
        """
        for start in range(0, len(chunk), _INPUT_BYTES):
            data = chunk[start : start + _INPUT_BYTES]
            while data:
                part = self._part or self._begin_part(data)
                if part is None:
                    break
                piece = self._inflate(part, data)
                data = part.unused_data if part.eof else part.unconsumed_tail
                if piece:
                    yield piece

    def finish(self) -> None:
        """Say that the file has ended; raises ExportError (GZIP_BROKEN) when it was cut."""
        if self._part is not None or self._parts == 0:
            raise _broken("it ends too early")

    def _begin_part(self, data: bytes) -> "zlib._Decompress | None":
        """Give the decompressor of the part that begins here, or nothing where only padding is."""
        if self._parts and not data.strip(b"\0"):
            return None
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise _broken(f"it has more than {_MAX_PARTS:,} parts")
        self._part = zlib.decompressobj(_GZIP)
        return self._part

    def _inflate(self, part: "zlib._Decompress", data: bytes) -> bytes:
        try:
            piece = part.decompress(data, PIECE_BYTES)
        except zlib.error:
            raise _broken("its data is damaged") from None
        self._size += len(piece)
        if self._size > self._limit:
            message = f"The file is larger than {self._limit:,} bytes when decompressed, which is the limit."
            raise ExportError(Reason.TOO_LARGE, message)
        if part.eof:
            self._part = None
        return piece


def decompressed(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Give a file's bytes, in pieces, out of gzip where it is one; at most `limit` bytes.

    Raises:
        ExportError: TOO_LARGE or GZIP_BROKEN, when the reading gets there.
    """
    waiting = iter(pieces)
    beginning = b""
    while len(beginning) < len(GZIP_MAGIC) and (piece := next(waiting, None)) is not None:
        beginning += piece
    everything = chain([beginning], waiting)
    return _inflated(everything, limit) if beginning.startswith(GZIP_MAGIC) else _counted(everything, limit)


def _inflated(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    inflater = Inflater(limit)
    for piece in pieces:
        yield from inflater.feed(piece)
    inflater.finish()


def _counted(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            message = f"The file has more than {limit:,} bytes, which is the limit."
            raise ExportError(Reason.TOO_LARGE, message)
        yield piece


def _broken(what: str) -> ExportError:
    return ExportError(Reason.GZIP_BROKEN, f"The gzip file cannot be decompressed: {what}. Compress it again.")
