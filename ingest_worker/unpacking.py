"""Opening what came in one piece. Runs in the isolated processes: it must not come near grpc."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from export_formats import Archive, ArchiveLimits, SingleFile, open_bundle
from protos.uploads.v1.upload_pb2 import FileRefusal
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest

# As many as the contract takes.
MAX_REFUSALS = 200


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """What the header of AddFiles tells of the archive; `refusals` are serialized FileRefusals."""

    member_count: int
    skipped_files: int
    refusals: tuple[bytes, ...]


def unpack_archive(file: BinaryIO, filename: str, limits: ArchiveLimits) -> Iterator[ArchiveFigures | bytes]:
    """Yields the figures of an archive, or of a single file that was sent like one; then its histories.

    Those are serialized AddFilesRequests, with chunks of at most 1 MiB.

    Raises:
        ExportError: it cannot be opened, passes a limit, or holds no history.
    """
    archive = open_bundle(file, filename, limits)
    yield ArchiveFigures(len(archive.members), archive.skipped, _refusals(archive))
    for member in archive.members:
        begin = AddFilesRequest.Member(filename=member.name, format=member.format)
        yield AddFilesRequest(member=begin).SerializeToString()
        for piece in archive.read(member):
            yield AddFilesRequest(chunk=piece).SerializeToString()


def _refusals(archive: Archive | SingleFile) -> tuple[bytes, ...]:
    return tuple(
        FileRefusal(filename=refusal.name, reason=refusal.reason, message=refusal.message).SerializeToString()
        for refusal in archive.refused[:MAX_REFUSALS]
    )
