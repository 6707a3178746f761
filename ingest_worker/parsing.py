"""Parsing one file. Runs in the isolated processes: it must not come near grpc."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from export_formats import ExportReader, FileSummary, Plays
from ingest_worker.frames import FrameSpool
from ingest_worker.listen_batches import serialized_batches

_PIECE_BYTES = 256 * 1024
# Between two words of how far the reading is.
_STEP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BytesRead:
    """How much of the file was read, as it is stored."""

    done: int


def parse_file(file: BinaryIO, filename: str, limit_bytes: int) -> Iterator[BytesRead | FileSummary | bytes]:
    """Yields how far it is, from time to time; then what the file amounts to and its plays, as CommitListensRequests.

    The plays wait on disk until the whole file is read: only then are all names of each known.

    Raises:
        ExportError: the file is no history.
    """
    reader = ExportReader(_pieces(file), filename, limit_bytes)
    with FrameSpool() as spool:
        told = 0
        for part in reader.parts():
            spool.append(msgspec.msgpack.encode(part))
            if file.tell() >= told + _STEP_BYTES:
                told = file.tell()
                yield BytesRead(told)
        yield reader.summary
        yield from _requests(spool, reader)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _requests(spool: FrameSpool, reader: ExportReader) -> Iterator[bytes]:
    start = 0
    for frame in spool.frames():
        part = msgspec.msgpack.decode(frame, type=Plays)
        for place, covers in reader.later_covers.of_plays(start, start + len(part)):
            part.more_covers[place - start] = covers
        yield from serialized_batches(part)
        start += len(part)
