"""Uploads between wire and domain."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from coordinator.domain import INGEST_KIND, INGEST_QUEUE, MIB, UNPACK_KIND, NewJob, RetryPolicy
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import new_id
from coordinator.store.incoming import NewUpload
from coordinator.store.upload_reads import PageKey
from coordinator.upload_domain import FileRefusal, StoredFile, Upload, UploadFile, UploadLimits
from coordinator.wire.checks import check_count, check_range, check_reason, check_text, check_user, timestamp
from protos.uploads.v1 import upload_pb2, upload_service_pb2

CHUNK_BYTES = MIB
FILENAME_CHARACTERS = 255

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE_KEY = struct.Struct(">q16s")

_UPLOAD_STATUSES = {
    name.removeprefix("UPLOAD_STATUS_").lower(): value for name, value in upload_pb2.UploadStatus.items()
}
_FILE_STATUSES = {name.removeprefix("FILE_STATUS_").lower(): value for name, value in upload_pb2.FileStatus.items()}


def check_filename(value: str, field: str) -> str:
    """Returns a file's name, which is shown and never used as a path."""
    return check_text(value, field, longest=FILENAME_CHARACTERS)


def new_upload(request: upload_service_pb2.CreateUploadRequest, limits: UploadLimits) -> NewUpload:
    """Returns the upload that is to be opened. Raises InvalidRequest, PayloadTooLarge."""
    expected_size = request.expected_size if request.HasField("expected_size") else None
    if expected_size is not None and expected_size > limits.upload_bytes:
        raise PayloadTooLarge(
            f"expected_size is {expected_size} bytes; at most {limits.upload_bytes} are taken.",
            field="expected_size",
            limit=limits.upload_bytes,
            value=expected_size,
        )
    if expected_size is not None:
        check_range(expected_size, "expected_size", 1, limits.upload_bytes)
    return NewUpload(check_user(request.owner), check_filename(request.filename, "filename"), expected_size)


def creation_hash(new: NewUpload) -> bytes:
    """Returns what an idempotency key of a creation stands for."""
    return hashlib.sha256(f"create\0{new.expected_size}\0{new.filename}".encode()).digest()


def check_chunk(request: upload_service_pb2.AppendFileRequest, most_files: int) -> None:
    """Checks what of a chunk can be checked without its upload."""
    check_filename(request.filename, "filename")
    check_range(request.file_index, "file_index", 0, most_files - 1)
    check_range(request.offset, "offset", 0, 2**53)
    check_content(request.content, "content")


def check_content(content: bytes, field: str) -> None:
    """Checks the bytes of one chunk."""
    if len(content) > CHUNK_BYTES:
        raise PayloadTooLarge(
            f"{field} has {len(content)} bytes; at most {CHUNK_BYTES} are taken in a chunk.",
            field=field,
            limit=CHUNK_BYTES,
            value=len(content),
        )


def file_refusals(refusals: Iterable[upload_pb2.FileRefusal]) -> list[FileRefusal]:
    """Checks what was refused, for the record."""
    found = [
        FileRefusal(
            check_filename(refusal.filename, "refusals.filename"),
            check_reason(refusal.reason, "refusals.reason"),
            check_text(refusal.message, "refusals.message", longest=1_000, shortest=0),
        )
        for refusal in refusals
    ]
    check_count(len(found), "refusals", 200, lowest=0)
    return found


def content_hash(request: upload_service_pb2.EnqueueUploadRequest) -> bytes:
    """Returns what an upload's idempotency key stands for. Raises InvalidRequest for a key without a hash."""
    check_text(request.idempotency_key, "idempotency_key", longest=200, shortest=0)
    if request.idempotency_key and len(request.content_hash) != 32:
        raise InvalidRequest(
            "content_hash must be a SHA-256, 32 bytes, where there is an idempotency_key.",
            field="content_hash",
            limit=32,
            value=len(request.content_hash),
        )
    return hashlib.sha256(b"upload\0" + request.content_hash).digest()


def retry_hash(upload_id: UUID) -> bytes:
    """Returns what an idempotency key of a retry stands for."""
    return hashlib.sha256(b"retry\0" + upload_id.bytes).digest()


def file_job(user_id: UUID, file: StoredFile, retry_policy: RetryPolicy, deadline_ms: int) -> NewJob:
    """Makes the job of a file: taking turns with the files of other people."""
    payload = upload_pb2.FilePayload(filename=file.filename, size=file.size)
    return NewJob(
        id=new_id(),
        queue=INGEST_QUEUE,
        kind=UNPACK_KIND if file.archive else INGEST_KIND,
        payload=payload.SerializeToString(),
        size=file.size,
        owner=str(user_id),
        lane=str(user_id),
        deadline_ms=deadline_ms,
        retry_policy=retry_policy,
        file_id=file.id,
    )


def page_token(upload: Upload) -> str:
    """Returns where the page after this upload begins; opaque to callers."""
    microseconds = (upload.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_PAGE_KEY.pack(microseconds, upload.id.bytes)).decode()


def page_key(token: str) -> PageKey | None:
    """Reads a page token. Raises InvalidRequest for one that is not ours."""
    if not token:
        return None
    try:
        microseconds, upload_id = _PAGE_KEY.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
        return PageKey(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=upload_id))
    except (binascii.Error, struct.error, ValueError, OverflowError):
        raise InvalidRequest(
            "page_token is none of ours: give it as it was given to you.", field="page_token"
        ) from None


def upload_message(upload: Upload) -> upload_pb2.Upload:
    """Says how far an upload is."""
    return upload_pb2.Upload(
        id=str(upload.id),
        status=_UPLOAD_STATUSES[upload.status],
        filename=upload.filename,
        total_files=upload.total_files,
        processed_files=upload.processed_files,
        failed_files=upload.failed_files,
        skipped_files=upload.skipped_files,
        total_records=upload.total_records,
        inserted_records=upload.inserted_records,
        duplicate_records=upload.duplicate_records,
        rejected_records=upload.rejected_records,
        superseded_records=upload.superseded_records,
        error_message=upload.error_message,
        error_reason=upload.first_reason or "",
        received_bytes=upload.received_bytes,
        expected_bytes=upload.expected_bytes,
        created_at=timestamp(upload.created_at),
        updated_at=timestamp(upload.updated_at),
        files=[_file_message(file) for file in upload.files],
        refusals=[
            upload_pb2.FileRefusal(filename=refusal.filename, reason=refusal.reason, message=refusal.message)
            for refusal in upload.refusals
        ],
        rejections=_rejection_counts(upload.rejections),
        rejected_rows=[
            upload_pb2.RejectedRow(file_index=rejected.file_index, row=rejected.row, reason=rejected.reason)
            for rejected in upload.rejected_rows
        ],
    )


def _file_message(file: UploadFile) -> upload_pb2.UploadFile:
    return upload_pb2.UploadFile(
        id=str(file.id),
        index=file.index,
        filename=file.filename,
        format=file.format,
        status=_FILE_STATUSES[file.status],
        attempts=file.attempts,
        total_records=file.total_records,
        inserted_records=file.inserted_records,
        duplicate_records=file.duplicate_records,
        rejected_records=file.rejected_records,
        superseded_records=file.superseded_records,
        rejections=_rejection_counts(file.rejections),
        error_reason=file.error_reason,
        error_message=file.error_message,
        retryable=file.retryable,
        size=file.size,
        read_bytes=file.read_bytes,
    )


def _rejection_counts(rejections: Mapping[str, int]) -> list[upload_pb2.RejectionCount]:
    return [upload_pb2.RejectionCount(reason=reason, count=count) for reason, count in sorted(rejections.items())]
