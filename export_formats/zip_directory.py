"""Opens a ZIP archive and checks its directory before a single member is read.

What zipfile of Python 3.11 lets through is caught here: members that overlap (a few kilobytes that inflate to
gigabytes), and directories too large to be held.
"""

import io
import struct
import zipfile
from typing import BinaryIO, Final

from export_formats.errors import ExportError, Reason

_LOCAL_HEADER_BYTES: Final = 30
_UTF8_NAME: Final = 0x800
_DIRECTORY_BYTES_A_MEMBER: Final = 512  # a generous mean: 46 and the name
_MEMBER_READ_BYTES: Final = 1 << 20  # members are read through the same guard, in pieces of this size
_FAILURES: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    OverflowError,
    ValueError,
    struct.error,
)


class _Guarded:
    """A file of which zipfile cannot read a huge directory at once."""

    def __init__(self, file: BinaryIO, max_read: int) -> None:
        self._file = file
        self._max_read = max_read

    def read(self, size: int = -1) -> bytes:
        if size > self._max_read:
            raise _DirectoryTooLarge
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


class _DirectoryTooLarge(Exception):
    """Passes through zipfile, from `_Guarded.read` to `open_zip`."""


def open_zip(file: BinaryIO, max_members: int) -> zipfile.ZipFile:
    """Open a seekable file as a ZIP archive of at most so many members, none of which overlaps another.

    Raises:
        ExportError: EMPTY_FILE, ARCHIVE_BROKEN or ARCHIVE_TOO_MANY_FILES.
    """
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise ExportError(Reason.EMPTY_FILE, "The archive is empty. Download it again.")
    file.seek(0)
    max_read = max(_MEMBER_READ_BYTES, max_members * _DIRECTORY_BYTES_A_MEMBER)
    try:
        archive = zipfile.ZipFile(_Guarded(file, max_read))
    except _DirectoryTooLarge:
        raise too_many_members(max_members) from None
    except _FAILURES:
        raise broken("it is no ZIP file, or only a part of one") from None
    if len(archive.infolist()) > max_members:
        raise too_many_members(max_members)
    _refuse_overlaps(archive)
    return archive


def _refuse_overlaps(archive: zipfile.ZipFile) -> None:
    """Refuse members that do not lie behind each other, before the directory."""
    free_from = 0
    for member in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if member.header_offset < free_from:
            raise broken("its members overlap")
        name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_NAME else "cp437")
        free_from = member.header_offset + _LOCAL_HEADER_BYTES + len(name) + member.compress_size
    if free_from > archive.start_dir:
        raise broken("its members overlap")


def broken(what: str) -> ExportError:
    """Give the error for an archive that cannot be read."""
    return ExportError(Reason.ARCHIVE_BROKEN, f"The archive cannot be opened: {what}. Download it again.")


def too_many_members(limit: int) -> ExportError:
    """Give the error for an archive with more members than anybody's export."""
    message = f"The archive has more than {limit:,} members, which is the limit. Upload the history files alone."
    return ExportError(Reason.ARCHIVE_TOO_MANY_FILES, message)
