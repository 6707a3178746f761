"""Parsing one file. Runs in the isolated processes: it must not come near grpc."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from export_formats import parse
from ingest_worker.listen_batches import serialized_batches


@dataclass(frozen=True, slots=True)
class FileFigures:
    """What the header of a commit tells of the file; `rejections` counts rows by reason."""

    format: str
    source: str
    row_count: int
    merged_count: int
    rejections: dict[str, int]


def parse_file(file: BinaryIO, filename: str) -> Iterator[FileFigures | bytes]:
    """Yields the file's figures, then its plays as serialized CommitListensRequests.

    Raises:
        ExportError: the file is no history.
    """
    parsed = parse(file.read(), filename)
    yield FileFigures(parsed.format, parsed.source, len(parsed.plays), parsed.merged_rows, parsed.rejections)
    yield from serialized_batches(parsed.plays)
