"""What a worker sends back of an archive, gathered and checked before anything is locked."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence

from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import new_id
from coordinator.spool import Spool
from coordinator.store.archives import Member, Unpacked, encode_chunk
from coordinator.upload_domain import FileRefusal, UploadLimits


class Unpacking:
    """Takes members and their chunks in the order in which they come; compressed, they wait in a spool."""

    def __init__(self, spool: Spool, limits: UploadLimits, member_count: int) -> None:
        self._spool = spool
        self._limits = limits
        self._member_count = member_count
        self._members: list[Member] = []
        self._size = 0
        self._total = 0

    def begin_member(self, filename: str, export_format: str) -> None:
        """Begins the next member. Raises InvalidRequest for one more than was announced."""
        if len(self._members) >= self._member_count:
            raise InvalidRequest(
                f"More members came than the {self._member_count} that were announced.",
                field="member_count",
                limit=self._member_count,
                value=len(self._members) + 1,
            )
        self._members.append(Member(new_id(), filename, export_format, 0))
        self._size = 0

    async def take_chunk(self, content: bytes) -> None:
        """Adds bytes to the member begun last. Raises InvalidRequest where there is none, PayloadTooLarge, Busy."""
        if not self._members:
            raise InvalidRequest("A chunk came before its member.", field="chunk")
        if not content:
            return
        offset, self._size, self._total = self._size, self._size + len(content), self._total + len(content)
        self._check_size("member", self._size, self._limits.file_bytes)
        self._check_size("archive", self._total, self._limits.upload_bytes)
        member = self._members[-1]
        self._members[-1] = Member(member.id, member.filename, member.format, self._size)
        compressed = await asyncio.to_thread(zlib.compress, content)
        await self._spool.append(encode_chunk(member.id, offset, len(content), compressed))

    def finish(self, skipped_files: int, refusals: Sequence[FileRefusal]) -> Unpacked:
        """Returns what the archive held. Raises InvalidRequest where members that were announced are missing."""
        if len(self._members) != self._member_count:
            raise InvalidRequest(
                f"{len(self._members)} members came and {self._member_count} were announced.",
                field="member_count",
                limit=self._member_count,
                value=len(self._members),
            )
        return Unpacked(tuple(self._members), skipped_files, tuple(refusals))

    @staticmethod
    def _check_size(what: str, size: int, limit: int) -> None:
        if size > limit:
            raise PayloadTooLarge(
                f"The {what} has more than {limit} bytes uncompressed.", field=what, limit=limit, value=size
            )
