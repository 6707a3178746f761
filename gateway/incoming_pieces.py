"""A piece of a resumable upload on its way to the coordinator: stored as it comes, or once it was verified."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from coordinator_client.uploads import UploadClient
from gateway.handing_over import CHUNK_BYTES
from gateway.problems import refusal
from gateway.spool import Spool
from gateway.tus_headers import Checksum
from protos.uploads.v1.upload_service_pb2 import AppendFileRequest


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """The file that the pieces belong to, and how many bytes it will have."""

    owner: str
    upload_id: str
    filename: str
    expected_size: int


class PieceWriter:
    """Appends to a file from an offset on, in chunks of 1 MiB; `offset` is up to where its bytes are stored."""

    def __init__(self, uploads: UploadClient, file: IncomingFile, offset: int) -> None:
        self._uploads = uploads
        self._file = file
        self.offset = offset

    async def take(self, body: AsyncIterator[bytes]) -> None:
        """Stores the body as it comes. Where the client is lost on the way, what came until then is stored first.

        Raises ClientDisconnect, CoordinatorError, and a Problem where the file would get more bytes than it has.
        """
        waiting = bytearray()
        try:
            async for piece in body:
                waiting += piece
                self.check_room(len(waiting))
                while len(waiting) >= CHUNK_BYTES:
                    await self._append(bytes(waiting[:CHUNK_BYTES]))
                    del waiting[:CHUNK_BYTES]
        except ClientDisconnect:
            await self._append(bytes(waiting))
            raise
        await self._append(bytes(waiting))

    async def take_verified(self, body: AsyncIterator[bytes], checksum: Checksum) -> None:
        """Stores the body once all of it is there and hashes to the checksum; nothing of it otherwise.

        Raises what `take` raises, and a Problem (460) where it is another body.
        """
        with Spool() as spool:
            await self._verify(body, checksum, spool)
            for start in range(0, spool.size, CHUNK_BYTES):
                await self._append(await asyncio.to_thread(spool.read, start, CHUNK_BYTES))

    def check_room(self, size: int) -> None:
        """Refuses so many bytes more where the file has no room for them."""
        if self.offset + size > self._file.expected_size:
            detail = (
                f"The upload would have {self.offset + size} bytes or more; its Upload-Length is "
                f"{self._file.expected_size}."
            )
            limit, value = self._file.expected_size, self.offset + size
            raise refusal("PAYLOAD_TOO_LARGE", detail, field="body", limit=limit, value=value)

    async def _verify(self, body: AsyncIterator[bytes], checksum: Checksum, spool: Spool) -> None:
        found = checksum.new_hash()
        async for piece in body:
            self.check_room(spool.size + len(piece))
            found.update(piece)
            await asyncio.to_thread(spool.append, piece)
        if not hmac.compare_digest(found.digest(), checksum.digest):
            detail = f"The bytes do not have the {checksum.algorithm} that Upload-Checksum names: send them again."
            raise refusal("CHECKSUM_MISMATCH", detail, field="Upload-Checksum")

    async def _append(self, content: bytes) -> None:
        if not content:
            return
        file = self._file
        request = AppendFileRequest(
            owner=file.owner,
            upload_id=file.upload_id,
            filename=file.filename,
            # What it is a worker finds out, by its content.
            archive=True,
            offset=self.offset,
            content=content,
        )
        await self._uploads.append_file(request)
        self.offset += len(content)
