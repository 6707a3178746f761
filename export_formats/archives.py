"""Looks into a ZIP archive for histories, trusting nothing that it says.

An archive is surveyed first and read afterwards: each member that may be a history is inflated once, its
bytes counted and its checksum compared, before any of it is handed out. No member is held whole, and its
name is only ever shown.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from export_formats.errors import ExportError, Reason
from export_formats.filenames import is_named_as_history, is_named_as_other, shown_name
from export_formats.heads import HEAD_BYTES, recognise_head
from export_formats.zip_directory import open_zip

PIECE_BYTES: Final = 1 << 20

_MEBIBYTE: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_ZIP_MAGIC: Final = b"PK\x03\x04"
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others may ask for gigabytes of memory
_FAILURES: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much an archive may hold: histories, bytes of one and of all of them, members of any kind."""

    files: int = 200
    file_bytes: int = 100 * _MEBIBYTE
    total_bytes: int = 512 * _MEBIBYTE
    members: int = 5_000


@dataclass(frozen=True, slots=True)
class Member:
    """A history in an archive: name to show, format, size in bytes, place in the directory."""

    name: str
    format: str
    size: int
    place: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A member that looks like a history and cannot be one."""

    name: str
    reason: Reason
    message: str


class Archive:
    """A surveyed archive; see `open_archive`.

    `members` and `refused` are in the order of the archive's directory; `skipped` counts what is no history.
    """

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        self._limits = limits
        self._zip = open_zip(file, limits.members)
        self._infos = self._zip.infolist()
        self.refused: list[Refusal] = []
        self.skipped = 0
        self.members = self._survey()

    def read(self, member: Member) -> Iterator[bytes]:
        """Give the bytes of a member in pieces of at most `PIECE_BYTES`.

        The survey read them already: an ExportError (ARCHIVE_BROKEN) here means that the file has changed
        since.
        """
        try:
            with self._zip.open(self._infos[member.place]) as content:
                while piece := content.read(PIECE_BYTES):
                    yield piece
        except _FAILURES:
            raise _broken_member() from None

    def _survey(self) -> tuple[Member, ...]:
        candidates = [member for place in range(len(self._infos)) if (member := self._candidate(place))]
        if len(candidates) > self._limits.files:
            raise _too_many_files(len(candidates), self._limits.files)
        total = sum(member.size for member in candidates)
        if total > self._limits.total_bytes:
            raise _too_large_archive(total, self._limits.total_bytes)
        whole = tuple(member for member in candidates if self._is_whole(member))
        if not whole and not self.refused:
            raise _without_history(self.skipped)
        return whole

    def _candidate(self, place: int) -> Member | None:
        """Give the member at a place of the directory if it begins like a history."""
        info = self._infos[place]
        name = shown_name(info.filename)
        if info.filename.endswith("/"):  # is_dir() fails over an empty name
            return None
        if is_named_as_other(name):
            self.skipped += 1
            return None
        try:
            return Member(name, self._recognise(info), info.file_size, place)
        except ExportError as error:
            self._pass_over(name, error)
            return None

    def _recognise(self, info: zipfile.ZipInfo) -> str:
        if info.flag_bits & _ENCRYPTED:
            raise ExportError(Reason.ARCHIVE_ENCRYPTED, "The file is encrypted: unpack it and upload it as it is.")
        if info.compress_type not in _METHODS:
            message = "The file is compressed in an unusual way: unpack it and upload it as it is."
            raise ExportError(Reason.ARCHIVE_UNSUPPORTED, message)
        head = self._head(info)
        if head.startswith(_ZIP_MAGIC):
            raise ExportError(Reason.ARCHIVE_NESTED, "The file is an archive in an archive: upload it by itself.")
        known = recognise_head(head, info.file_size <= HEAD_BYTES)
        if info.file_size > self._limits.file_bytes:
            raise _too_large_file(info.file_size, self._limits.file_bytes)
        return known

    def _head(self, info: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(info) as content:
                return content.read(HEAD_BYTES)
        except _FAILURES:
            raise _broken_member() from None

    def _is_whole(self, member: Member) -> bool:
        """Inflate a member to its end, so that only what is sound is handed out."""
        try:
            if sum(map(len, self.read(member))) != member.size:
                raise _broken_member()
        except ExportError as error:
            self._pass_over(member.name, error)
            return False
        return True

    def _pass_over(self, name: str, error: ExportError) -> None:
        """Name a member that may have been meant as a history; count any other."""
        is_json = name.casefold().endswith(".json") and error.reason is not Reason.NOT_A_HISTORY
        if is_named_as_history(name) or is_json or error.reason is Reason.ARCHIVE_NESTED:
            self.refused.append(Refusal(name, error.reason, error.message))
        else:
            self.skipped += 1


def open_archive(file: BinaryIO, limits: ArchiveLimits | None = None) -> Archive:
    """Survey a ZIP archive in a seekable binary file, which has to stay open while the archive is read.

    Members that cannot be read are in `Archive.refused`, each with its reason; the others go on.

    Raises:
        ExportError: EMPTY_FILE, ARCHIVE_BROKEN, ARCHIVE_TOO_MANY_FILES, ARCHIVE_TOO_LARGE, or
            ARCHIVE_WITHOUT_HISTORY when there is neither a history nor anything refused.
    """
    return Archive(file, limits or ArchiveLimits())


def _broken_member() -> ExportError:
    return ExportError(Reason.ARCHIVE_BROKEN, "The file is damaged inside the archive. Download the archive again.")


def _too_large_file(size: int, limit: int) -> ExportError:
    return ExportError(Reason.TOO_LARGE, f"The file has {size:,} bytes; the limit is {limit:,}.")


def _too_large_archive(size: int, limit: int) -> ExportError:
    message = f"The histories in the archive have {size:,} bytes; the limit is {limit:,}. Upload them in parts."
    return ExportError(Reason.ARCHIVE_TOO_LARGE, message)


def _too_many_files(count: int, limit: int) -> ExportError:
    message = f"The archive has {count:,} histories; the limit is {limit:,}. Upload them in parts."
    return ExportError(Reason.ARCHIVE_TOO_MANY_FILES, message)


def _without_history(skipped: int) -> ExportError:
    message = (
        f"The archive holds no listening history ({skipped:,} other {'file' if skipped == 1 else 'files'})."
        " Upload the one that the provider calls account data or extended streaming history."
    )
    return ExportError(Reason.ARCHIVE_WITHOUT_HISTORY, message)
