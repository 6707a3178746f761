"""One file on its way in: decompressed, counted and looked at as its bytes come, and refused early."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from export_formats import HEAD_BYTES, ExportError, Inflater, Reason, recognise_head
from gateway.spool import Spool

_GZIP_MAGIC = b"\x1f\x8b"
# Of an archive with members, and of one without.
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that may go on, and where in the spool its bytes stand, decompressed."""

    filename: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that may not, with a reason for programs and a sentence for people."""

    filename: str
    reason: str
    message: str


class _RefusalError(Exception):
    """The gateway's own refusals; those of the formats are ExportErrors."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Intake(ABC):
    """Takes one file's bytes into a spool. Blocking; the first piece has to hold the file's first four bytes.

    A file that is refused leaves nothing in the spool, and what still comes of it is thrown away.
    """

    def __init__(self, filename: str, spool: Spool, limit_bytes: int) -> None:
        self._filename = filename
        self._spool = spool
        self._limit_bytes = limit_bytes
        self._start = spool.size
        self._refusal: RefusedFile | None = None

    def feed(self, raw: bytes) -> None:
        """Takes the next piece, as it came."""
        self._attempt(lambda: self._take(raw))

    def finish(self) -> TakenFile | RefusedFile:
        """Gives the verdict, once every piece was fed."""
        self._attempt(self._end)
        return self._refusal or TakenFile(self._filename, self._start, self._size)

    @property
    def _size(self) -> int:
        return self._spool.size - self._start

    @abstractmethod
    def _take(self, raw: bytes) -> None:
        """Keeps a piece. Raises _RefusalError or ExportError."""

    @abstractmethod
    def _end(self) -> None:
        """Judges the whole file. Raises _RefusalError or ExportError."""

    def _attempt(self, step: Callable[[], None]) -> None:
        if self._refusal is not None:
            return
        try:
            step()
        except (_RefusalError, ExportError) as error:
            self._refusal = RefusedFile(self._filename, str(error.reason), error.message)
            self._spool.cut(self._start)


class JsonIntake(Intake):
    """An export file, perhaps compressed with gzip; its first 64 KiB have to look like a history."""

    _inflater: Inflater | None = None
    _has_begun = False
    _is_recognised = False

    def _take(self, raw: bytes) -> None:
        if not self._has_begun:
            self._begin(raw)
        for piece in self._inflater.feed(raw) if self._inflater else (raw,):
            self._keep(piece)
            if not self._is_recognised and self._size >= HEAD_BYTES:
                self._recognise(complete=False)

    def _begin(self, raw: bytes) -> None:
        self._has_begun = True
        if raw.startswith(_ZIP_MAGICS):
            raise _RefusalError("IS_AN_ARCHIVE", "The file is a ZIP archive: send it to /api/uploads/zip.")
        if raw.startswith(_GZIP_MAGIC):
            self._inflater = Inflater(self._limit_bytes)

    def _end(self) -> None:
        if self._inflater:
            self._inflater.finish()
        if not self._is_recognised:
            self._recognise(complete=True)

    def _keep(self, piece: bytes) -> None:
        if self._size + len(piece) > self._limit_bytes:
            message = f"The file has more than the {self._limit_bytes:,} bytes that a file may have. Split it."
            raise _RefusalError(Reason.TOO_LARGE, message)
        self._spool.append(piece)

    def _recognise(self, *, complete: bool) -> None:
        recognise_head(self._spool.read(self._start, HEAD_BYTES), complete)
        self._is_recognised = True


class ArchiveIntake(Intake):
    """An archive, kept as it is: a worker opens it. It may have what an upload may, which the reception checks."""

    def _take(self, raw: bytes) -> None:
        if self._size == 0 and not raw.startswith(_ZIP_MAGICS):
            raise _not_a_zip()
        self._spool.append(raw)

    def _end(self) -> None:
        if self._size == 0:
            raise _not_a_zip()


def _not_a_zip() -> _RefusalError:
    return _RefusalError(
        "NOT_A_ZIP",
        "The file is no ZIP archive. Send the ZIP as you got it, or its JSON files to /api/uploads/json.",
    )
