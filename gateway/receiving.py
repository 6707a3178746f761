"""From a request's body to files in a spool: nothing goes further before the whole form is there and judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request

from export_formats import shown_name
from gateway.bodies import FORM_BYTES
from gateway.encodings import read_body
from gateway.intakes import Intake, RefusedFile, TakenFile
from gateway.multipart import PartBegun, PartBytes, PartEvent, read_parts
from gateway.problems import refusal
from gateway.settings import Settings
from gateway.spool import Spool

# Pieces are gathered to this size, to be worth a thread. So the first holds the beginning that an intake wants.
_BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """What came: files to pass on, in their order, and files that go no further."""

    spool: Spool
    taken: list[TakenFile]
    refused: list[RefusedFile]
    # SHA-256 over the SHA-256 of each file, as it came.
    content_hash: bytes


@asynccontextmanager
async def receive(request: Request, *, field: str, kind: type[Intake], settings: Settings) -> AsyncIterator[Received]:
    """Reads the files of one field of a form; their bytes are there as long as the context.

    Raises:
        Problem: NO_FILE, UNSUPPORTED_MEDIA_TYPE, MALFORMED_BODY, PAYLOAD_TOO_LARGE.
        ClientDisconnect: the client went away before the end.
    """
    body = read_body(request, settings.upload_bytes + FORM_BYTES)
    with Spool() as spool:
        reception = _Reception(spool, field, kind, settings)
        content_type = request.headers.get("content-type")
        async for event in read_parts(content_type, body, max_files=settings.upload_files):
            await reception.take(event)
        yield reception.received()


class _Reception:
    """The files of one form, so far."""

    def __init__(self, spool: Spool, field: str, kind: type[Intake], settings: Settings) -> None:
        self._spool = spool
        self._field = field
        self._kind = kind
        self._settings = settings
        self._file: _File | None = None
        self._content = sha256()
        self._taken: list[TakenFile] = []
        self._refused: list[RefusedFile] = []

    async def take(self, event: PartEvent) -> None:
        match event:
            case PartBegun(field, filename):
                self._file = self._new_file(filename) if field == self._field and filename is not None else None
            case PartBytes(content) if self._file:
                await self._file.add(content)
            case _ if self._file:
                await self._end(self._file)

    def received(self) -> Received:
        if not self._taken and not self._refused:
            raise refusal(
                "NO_FILE",
                f'No file came in the field "{self._field}". Choose at least one.',
                field=self._field,
            )
        return Received(self._spool, self._taken, self._refused, self._content.digest())

    def _new_file(self, filename: str) -> _File:
        return _File(filename, self._kind(shown_name(filename), self._spool, self._settings.file_bytes))

    async def _end(self, file: _File) -> None:
        if file.is_nothing:
            return
        verdict = await file.end()
        self._check_size()
        self._content.update(file.digest())
        if isinstance(verdict, TakenFile):
            self._taken.append(verdict)
        else:
            self._refused.append(verdict)

    def _check_size(self) -> None:
        limit = self._settings.upload_bytes
        if self._spool.size > limit:
            detail = f"The files have more than the {limit:,} bytes that an upload may have. Send fewer at once."
            raise refusal("PAYLOAD_TOO_LARGE", detail, field=self._field, limit=limit, value=self._spool.size)


class _File:
    """A file under way."""

    def __init__(self, given_name: str, intake: Intake) -> None:
        self._given_name = given_name
        self._intake = intake
        self._hash = sha256()
        self._size = 0
        self._waiting = bytearray()

    @property
    def is_nothing(self) -> bool:
        """What a browser sends for a file input in which nobody chose a file."""
        return not self._given_name and not self._size

    async def add(self, content: bytes) -> None:
        self._size += len(content)
        self._waiting += content
        if len(self._waiting) >= _BATCH_BYTES:
            await self._pass_on()

    async def end(self) -> TakenFile | RefusedFile:
        await self._pass_on()
        return await asyncio.to_thread(self._intake.finish)

    def digest(self) -> bytes:
        return self._hash.digest()

    async def _pass_on(self) -> None:
        batch, self._waiting = bytes(self._waiting), bytearray()
        await asyncio.to_thread(self._work, batch)

    def _work(self, batch: bytes) -> None:
        self._hash.update(batch)
        self._intake.feed(batch)
