"""What a person sent in one piece: an archive, or a single export file, compressed or not; told by its content."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from export_formats.archives import PIECE_BYTES, Archive, ArchiveLimits, Member, Refusal, open_archive
from export_formats.errors import ExportError
from export_formats.filenames import shown_name
from export_formats.heads import recognise_beginning, take_head
from export_formats.inflating import decompressed

_ZIP_MAGIC: Final = b"PK"


class SingleFile:
    """A bundle of one export file; has what an `Archive` has. See `open_bundle`."""

    def __init__(self, file: BinaryIO, filename: str, limits: ArchiveLimits) -> None:
        self._file = file
        self._limits = limits
        self.refused: list[Refusal] = []
        self.skipped = 0
        pieces = self._pieces()
        beginning = take_head(pieces)
        known = recognise_beginning(beginning)
        size = len(beginning) + sum(map(len, pieces))
        self.members = (Member(shown_name(filename).removesuffix(".gz"), known, size, 0),)

    def read(self, _: Member) -> Iterator[bytes]:
        """Give the bytes of the one member, decompressed, in pieces of at most `PIECE_BYTES`."""
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        return decompressed(iter(lambda: self._file.read(PIECE_BYTES), b""), self._limits.file_bytes)


def open_bundle(file: BinaryIO, filename: str, limits: ArchiveLimits) -> Archive | SingleFile:
    """Look into a seekable binary file, which has to stay open while its members are read.

    What begins like a ZIP is opened as one; so is what is named like one and is no history.

    Raises:
        ExportError: as `open_archive` or, for a single file, EMPTY_FILE, NOT_JSON, NOT_A_HISTORY, TOO_DEEP, TOO_LARGE
            or GZIP_BROKEN.
    """
    file.seek(0, io.SEEK_SET)
    if file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC:
        return open_archive(file, limits)
    try:
        return SingleFile(file, filename, limits)
    except ExportError:
        if filename.casefold().endswith(".zip"):
            return open_archive(file, limits)
        raise
