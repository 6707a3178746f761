"""What is answered to files that came in: how many were taken, and what became of the others."""

from __future__ import annotations

from gateway.intakes import RefusedFile
from gateway.problems import Problem, refusal
from gateway.receiving import Received
from gateway.upload_views import RefusalView, UploadAccepted, refusal_views, skipped_files, status_name
from protos.uploads.v1.upload_pb2 import UPLOAD_STATUS_FAILED, Upload


def accepted_files(upload_id: str, received: Received) -> UploadAccepted:
    """Answers for export files that were taken."""
    taken, refused = len(received.taken), len(received.refused)
    return UploadAccepted(
        upload_job_id=upload_id,
        total_files=taken,
        skipped_files=refused,
        errors=[_view(file) for file in received.refused],
        message=_sentence(taken, refused),
        status="pending",
    )


def no_usable_file(refused: list[RefusedFile]) -> Problem:
    """Answers for files of which none can be used; for a single one with its own sentence."""
    detail = (
        refused[0].message if len(refused) == 1 else f"None of the {len(refused)} files can be used; errors says why."
    )
    return refusal("NO_USABLE_FILE", detail, errors=[_view(file).model_dump(by_alias=True) for file in refused])


def refused_archive(refused: RefusedFile) -> Problem:
    """Answers for what was sent as an archive and is none."""
    return refusal(refused.reason, refused.message, errors=[_view(refused).model_dump(by_alias=True)])


def accepted_archive(upload_id: str, upload: Upload | None) -> UploadAccepted:
    """Answers for an archive, with numbers when it was opened in time. `upload` is None where nothing is known.

    Raises:
        Problem: ARCHIVE_REFUSED, ARCHIVE_WITHOUT_HISTORY: it was opened, and nothing in it can be used.
    """
    if upload is None or not upload.HasField("total_files"):
        if upload is not None and upload.status == UPLOAD_STATUS_FAILED:
            raise _unusable_archive(upload)
        return UploadAccepted(
            upload_job_id=upload_id,
            total_files=None,
            skipped_files=0,
            errors=[],
            message="The archive is there and will be opened.",
            status="unpacking",
        )
    if upload.total_files == 0:
        raise _unusable_archive(upload)
    return UploadAccepted(
        upload_job_id=upload_id,
        total_files=upload.total_files,
        skipped_files=skipped_files(upload),
        errors=refusal_views(upload),
        message=_sentence(upload.total_files, len(upload.refusals)),
        status=status_name(upload),
    )


def _unusable_archive(upload: Upload) -> Problem:
    reason = "ARCHIVE_REFUSED" if upload.error_message else "ARCHIVE_WITHOUT_HISTORY"
    message = upload.error_message or "There is no listening history in the archive. Send the one that has yours."
    itself = RefusalView(filename=upload.filename, reason=upload.error_reason or reason, message=message)
    errors = [view.model_dump(by_alias=True) for view in refusal_views(upload) or [itself]]
    return refusal(reason, message, uploadJobId=upload.id, errors=errors)


def _view(file: RefusedFile) -> RefusalView:
    return RefusalView(filename=file.filename, reason=file.reason, message=file.message)


def _sentence(taken: int, refused: int) -> str:
    sentence = "1 file waits for a worker." if taken == 1 else f"{taken} files wait for a worker."
    if not refused:
        return sentence
    return sentence + (
        " 1 was refused; errors says why." if refused == 1 else f" {refused} were refused; errors says why."
    )
