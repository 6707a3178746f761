"""Where the rows of a file wait until all are there: in memory, then in a temporary file that has no name.

What may be here at once is bounded over the whole process. Nobody waits for room: who finds none comes back.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from threading import Lock
from uuid import UUID

from coordinator.errors import Busy, PayloadTooLarge

RETRY_SECONDS = 1.0

_MEMORY_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 18


class SpoolRoom:
    """The room for files that are coming in: so many at once, so many bytes in all.

    One person's files take at most half of the places, so that a thousand of them leave room for another's. They take
    half of the bytes, too; one file alone may take more, for a large one has to come in somehow.
    """

    def __init__(self, *, max_files: int, max_bytes: int) -> None:
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._files: Counter[UUID] = Counter()
        self._bytes: Counter[UUID] = Counter()

    def open(self, user_id: UUID) -> Spool:
        """Returns an empty spool, which the caller closes. Raises Busy where too many are open."""
        if self._files.total() >= self._max_files:
            raise _busy("Too many files are coming in at once; send this one again.", self._max_files)
        own_files = max(1, self._max_files // 2)
        if self._files[user_id] >= own_files:
            raise _busy("Too many files of one person are coming in at once; send this one again.", own_files)
        self._files[user_id] += 1
        return Spool(self, user_id)

    def take(self, user_id: UUID, size: int, total: int) -> None:
        """Counts bytes of a person's file that will have `total` of them.

        Raises:
            PayloadTooLarge: the file alone is more than there is room for.
            Busy: with what others have here, or the person's own other files, it is too much.
        """
        if total > self._max_bytes:
            raise PayloadTooLarge(
                f"The file's rows take more than {self._max_bytes} bytes.", limit=self._max_bytes, value=total
            )
        if self._bytes.total() + size > self._max_bytes:
            raise _busy("The files that are coming in leave no room for this one; send it again.", self._max_bytes)
        own_bytes = self._max_bytes // 2
        if self._bytes[user_id] + size > own_bytes and self._bytes[user_id] + size > total:
            raise _busy("The same person's other files leave no room for this one; send it again.", own_bytes)
        self._bytes[user_id] += size

    def give_back(self, user_id: UUID, size: int) -> None:
        """Counts a file and its bytes as gone."""
        self._bytes[user_id] -= size
        self._files[user_id] -= 1
        if not self._files[user_id]:
            del self._files[user_id], self._bytes[user_id]


def _busy(message: str, limit: int) -> Busy:
    return Busy(message, retry_after_seconds=RETRY_SECONDS, limit=limit)


class Spool:
    """The encoded rows of one file: written to the end, then read from the beginning, by one task."""

    def __init__(self, room: SpoolRoom, user_id: UUID) -> None:
        self._room = room
        self._user_id = user_id
        self._file = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        # A cancelled call closes the file while a thread may still write to it.
        self._using_file = Lock()
        self._size = 0
        self._closed = False

    async def append(self, content: bytes) -> None:
        """Adds bytes at the end. Raises PayloadTooLarge or Busy, as the room does."""
        self._room.take(self._user_id, len(content), self._size + len(content))
        self._size += len(content)
        await asyncio.to_thread(self._write, content)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Gives everything that was appended, a piece at a time."""
        await asyncio.to_thread(self._file.seek, 0, os.SEEK_SET)
        while chunk := await asyncio.to_thread(self._file.read, _CHUNK_BYTES):
            yield chunk

    async def close(self) -> None:
        """Gives the room back; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self._room.give_back(self._user_id, self._size)
            await asyncio.to_thread(self._close_file)

    def _write(self, content: bytes) -> None:
        with self._using_file:
            if not self._closed:
                self._file.write(content)

    def _close_file(self) -> None:
        with self._using_file:
            self._file.close()
