"""Uploads and their files as the coordinator reasons about them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one upload may hold: files in all, bytes a file (uncompressed), bytes in all."""

    files: int
    file_bytes: int
    upload_bytes: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file on its way in: where it goes, its compressed bytes, and their number before (`size`)."""

    user_id: UUID
    upload_id: UUID
    file_index: int
    filename: str
    archive: bool
    offset: int
    size: int
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes are there, of which a job is to be made."""

    id: UUID
    archive: bool
    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class FileRefusal:
    """A file that did not come in, and why."""

    filename: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class UploadFile:
    """One file with its outcome."""

    id: UUID
    index: int
    filename: str
    format: str
    status: str
    attempts: int
    total_records: int
    inserted_records: int
    duplicate_records: int
    rejected_records: int
    superseded_records: int
    rejections: dict[str, int]
    error_reason: str
    error_message: str
    retryable: bool
    # Bytes, and how many of them the attempt under way has read.
    size: int
    read_bytes: int


@dataclass(frozen=True, slots=True)
class RejectedPlace:
    """A rejected row of an upload: its file's index, its place in the file, counted from 1, and why."""

    file_index: int
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload with its counters. `total_files` is None while an archive has not been opened.

    `received_bytes` and, where it was said, `expected_bytes` are there while its bytes are coming in.
    """

    id: UUID
    status: str
    filename: str
    total_files: int | None
    processed_files: int
    failed_files: int
    skipped_files: int
    total_records: int
    inserted_records: int
    duplicate_records: int
    rejected_records: int
    superseded_records: int
    first_error: str | None
    first_reason: str | None
    received_bytes: int | None
    expected_bytes: int | None
    created_at: datetime
    updated_at: datetime
    files: tuple[UploadFile, ...]
    refusals: tuple[FileRefusal, ...]
    # The first hundred.
    rejected_rows: tuple[RejectedPlace, ...]

    @property
    def rejections(self) -> dict[str, int]:
        """How many rows were rejected for each reason, over all files."""
        return dict(sum((Counter(file.rejections) for file in self.files), Counter[str]()))

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it unless somebody asks."""
        return self.status in {"completed", "failed", "cancelled"}

    @property
    def error_message(self) -> str:
        """Says what failed, in a sentence; empty where nothing did."""
        if not self.first_error:
            return ""
        if (self.total_files or 0) <= 1:
            return self.first_error
        return f"{self.failed_files} of {self.total_files} files failed; the first: {self.first_error}"


def upload_from_row(row: dict[str, Any]) -> Upload:
    """Builds an upload from its row as get_uploads.sql gives it."""
    files = tuple(_file_from_json(stored) for stored in row["files"])
    refusals = tuple(FileRefusal(**stored) for stored in row["refusals"])
    rejected = tuple(RejectedPlace(*stored) for stored in row["rejected_rows"])
    return Upload(**{**row, "files": files, "refusals": refusals, "rejected_rows": rejected})


def _file_from_json(stored: dict[str, Any]) -> UploadFile:
    texts = {name: stored[name] or "" for name in ("format", "error_reason", "error_message")}
    return UploadFile(**{**stored, **texts, "id": UUID(stored["id"])})
