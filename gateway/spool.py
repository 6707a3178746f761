"""Where the bytes of one request wait: a little in memory, more in a file without a name."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

_MEMORY_BYTES = 1024 * 1024


class Spool:
    """Bytes in the order in which they came; blocking, so call it in a thread, one call at a time."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - ended by __exit__
        self.size = 0

    def append(self, piece: bytes) -> None:
        """Adds bytes at the end."""
        self._file.seek(self.size)
        self._file.write(piece)
        self.size += len(piece)

    def cut(self, size: int) -> None:
        """Forgets what came after the first `size` bytes."""
        self._file.truncate(size)
        self.size = size

    def read(self, start: int, size: int) -> bytes:
        """Reads at most `size` bytes from `start`."""
        self._file.seek(start)
        return self._file.read(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
