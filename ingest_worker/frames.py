"""Byte strings on their way, more than memory should hold."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

_MEMORY_BYTES = 4 * 1024 * 1024
_length = struct.Struct("<I")


class FrameSpool:
    """Byte strings in their order: a little in memory, more in a file without a name.

    Blocking, and for one user at a time: to be read from the beginning, as often as wanted, once all are there.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - closed by __exit__

    def append(self, frame: bytes) -> None:
        """Adds a byte string at the end, before any was read."""
        self._file.write(_length.pack(len(frame)))
        self._file.write(frame)

    def frames(self) -> Iterator[bytes]:
        """Gives them all, from the first on."""
        self._file.seek(0)
        while header := self._file.read(_length.size):
            yield self._file.read(_length.unpack(header)[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
