"""An upload in JSON: the names are the page's contract, the values the coordinator's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from protos.uploads.v1 import upload_pb2

UploadStatusName = Literal["uploading", "unpacking", "pending", "processing", "completed", "failed", "cancelled"]
FileStatusName = Literal["pending", "processing", "completed", "failed", "cancelled"]

_UPLOAD_STATUS: dict[int, UploadStatusName] = {
    upload_pb2.UPLOAD_STATUS_UPLOADING: "uploading",
    upload_pb2.UPLOAD_STATUS_UNPACKING: "unpacking",
    upload_pb2.UPLOAD_STATUS_PENDING: "pending",
    upload_pb2.UPLOAD_STATUS_PROCESSING: "processing",
    upload_pb2.UPLOAD_STATUS_COMPLETED: "completed",
    upload_pb2.UPLOAD_STATUS_FAILED: "failed",
    upload_pb2.UPLOAD_STATUS_CANCELLED: "cancelled",
}
_FILE_STATUS: dict[int, FileStatusName] = {
    upload_pb2.FILE_STATUS_PENDING: "pending",
    upload_pb2.FILE_STATUS_PROCESSING: "processing",
    upload_pb2.FILE_STATUS_COMPLETED: "completed",
    upload_pb2.FILE_STATUS_FAILED: "failed",
    upload_pb2.FILE_STATUS_CANCELLED: "cancelled",
}
ENDED = frozenset(
    {upload_pb2.UPLOAD_STATUS_COMPLETED, upload_pb2.UPLOAD_STATUS_FAILED, upload_pb2.UPLOAD_STATUS_CANCELLED}
)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ISO 8601 in UTC with milliseconds: what JavaScript's Date reads and writes.
Moment = Annotated[datetime, PlainSerializer(_iso, return_type=str)]


def moment(stamp: Timestamp) -> datetime:
    """Gives a timestamp as a time in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def stamp(value: datetime) -> Timestamp:
    """Gives a time as the contract has it."""
    said = Timestamp()
    said.FromDatetime(value)
    return said


class View(BaseModel):
    """What goes out as JSON, its names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class RefusalView(View):
    """A file that did not come in, and why."""

    filename: str
    reason: str = Field(description="For programs; upper snake case.", examples=["NOT_A_HISTORY"])
    message: str


class UploadAccepted(View):
    """Files were taken in and wait for a worker."""

    upload_job_id: str
    total_files: int | None = Field(description="Null while an archive has not been opened.")
    skipped_files: int = Field(
        description="Files that did not come in; those that look like a history stand in errors."
    )
    errors: list[RefusalView]
    message: str
    status: UploadStatusName


class RejectionView(View):
    """How many rows of a file were rejected for one reason."""

    reason: str
    count: int


class RejectedRowView(View):
    """Where a row stands that was rejected, and why; what it says is not kept."""

    file: str = Field(description="The name of the file.")
    file_index: int
    row: int = Field(description="Counted from 1, the first row of the file.")
    reason: str


class ProgressView(View):
    """Bytes of a file: how many of how many the attempt under way has read."""

    done: int
    total: int


class FileView(View):
    """One export file of an upload. totalRecords = inserted + duplicate + rejected."""

    id: str
    index: int
    filename: str
    format: str | None
    status: FileStatusName
    attempts: int
    progress: ProgressView
    total_records: int
    inserted_records: int
    duplicate_records: int
    rejected_records: int
    superseded_records: int
    rejections: list[RejectionView]
    error_reason: str | None
    error_message: str | None
    retryable: bool


class UploadSummary(View):
    """An upload with its counters, which are the sums over its files."""

    id: str
    status: UploadStatusName
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
    error_message: str | None
    error_reason: str | None = Field(description="Of what failed first, an archive before its files.")
    received_bytes: int | None = Field(description="While uploading: bytes that are there; null otherwise.")
    expected_bytes: int | None = Field(description="While uploading: bytes that there will be, where that is known.")
    created_at: Moment
    updated_at: Moment


class UploadView(UploadSummary):
    """An upload with its files, and with those that were refused."""

    files: list[FileView]
    errors: list[RefusalView]
    rejections: list[RejectionView] = Field(description="Sums over the files.")
    rejected_rows: list[RejectedRowView] = Field(description="The first hundred, by file and row.")


class UploadPage(View):
    """One page of a person's uploads, newest first."""

    items: list[UploadSummary]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null after the last.")


class RetryAccepted(View):
    """Failed files wait for a worker again."""

    retried_files: int


class CancelAccepted(View):
    """What cancelling an upload has left."""

    cancelled_files: int = Field(description="Files that are cancelled; an archive that nobody opened is one.")
    kept_plays: int = Field(description="Plays of the upload that stay.")


def summary_view(upload: upload_pb2.Upload) -> UploadSummary:
    """Shows an upload without its files."""
    return UploadSummary(
        id=upload.id,
        status=_UPLOAD_STATUS[upload.status],
        filename=upload.filename,
        total_files=upload.total_files if upload.HasField("total_files") else None,
        processed_files=upload.processed_files,
        failed_files=upload.failed_files,
        skipped_files=skipped_files(upload),
        total_records=upload.total_records,
        inserted_records=upload.inserted_records,
        duplicate_records=upload.duplicate_records,
        rejected_records=upload.rejected_records,
        superseded_records=upload.superseded_records,
        error_message=upload.error_message or None,
        error_reason=upload.error_reason or None,
        received_bytes=upload.received_bytes if upload.HasField("received_bytes") else None,
        expected_bytes=upload.expected_bytes if upload.HasField("expected_bytes") else None,
        created_at=moment(upload.created_at),
        updated_at=moment(upload.updated_at),
    )


def upload_view(upload: upload_pb2.Upload) -> UploadView:
    """Shows an upload with everything about it."""
    return UploadView(
        **dict(summary_view(upload)),
        files=[_file_view(file) for file in upload.files],
        errors=refusal_views(upload),
        rejections=_rejection_views(upload.rejections),
        rejected_rows=_rejected_row_views(upload),
    )


def skipped_files(upload: upload_pb2.Upload) -> int:
    """Counts the files that did not come in: passed over quietly, or refused with a reason."""
    # A coordinator of the release before names the refused files and does not count them.
    return upload.skipped_files + (upload.refused_files or len(upload.refusals))


def refusal_views(upload: upload_pb2.Upload) -> list[RefusalView]:
    """Shows the files that were refused."""
    return [
        RefusalView(filename=refusal.filename, reason=refusal.reason, message=refusal.message)
        for refusal in upload.refusals
    ]


def status_name(upload: upload_pb2.Upload) -> UploadStatusName:
    """Gives an upload's status by its name in JSON."""
    return _UPLOAD_STATUS[upload.status]


def _file_view(file: upload_pb2.UploadFile) -> FileView:
    return FileView(
        id=file.id,
        index=file.index,
        filename=file.filename,
        format=file.format or None,
        status=_FILE_STATUS[file.status],
        attempts=file.attempts,
        progress=ProgressView(done=file.read_bytes, total=file.size),
        total_records=file.total_records,
        inserted_records=file.inserted_records,
        duplicate_records=file.duplicate_records,
        rejected_records=file.rejected_records,
        superseded_records=file.superseded_records,
        rejections=_rejection_views(file.rejections),
        error_reason=file.error_reason or None,
        error_message=file.error_message or None,
        retryable=file.retryable,
    )


def _rejection_views(rejections: Iterable[upload_pb2.RejectionCount]) -> list[RejectionView]:
    return [RejectionView(reason=each.reason, count=each.count) for each in rejections]


def _rejected_row_views(upload: upload_pb2.Upload) -> list[RejectedRowView]:
    names = {file.index: file.filename for file in upload.files}
    return [
        RejectedRowView(
            file=names.get(each.file_index, ""), file_index=each.file_index, row=each.row, reason=each.reason
        )
        for each in upload.rejected_rows
    ]
