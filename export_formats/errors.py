"""What goes wrong with a whole file, and with a single row of it.

`ExportError` means that the bytes will never be a history: trying again is useless. `RowRejected` stays
inside the package: it costs one row, never its file. Neither message ever repeats what a file says, only
limits and positions.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a file or an archive is refused for good."""

    EMPTY_FILE = "EMPTY_FILE"
    NOT_JSON = "NOT_JSON"
    NOT_A_HISTORY = "NOT_A_HISTORY"
    TOO_DEEP = "TOO_DEEP"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_NAMES = "TOO_MANY_NAMES"
    GZIP_BROKEN = "GZIP_BROKEN"
    ARCHIVE_BROKEN = "ARCHIVE_BROKEN"
    ARCHIVE_ENCRYPTED = "ARCHIVE_ENCRYPTED"
    ARCHIVE_UNSUPPORTED = "ARCHIVE_UNSUPPORTED"
    ARCHIVE_NESTED = "ARCHIVE_NESTED"
    ARCHIVE_TOO_LARGE = "ARCHIVE_TOO_LARGE"
    ARCHIVE_TOO_MANY_FILES = "ARCHIVE_TOO_MANY_FILES"
    ARCHIVE_WITHOUT_HISTORY = "ARCHIVE_WITHOUT_HISTORY"


class Rejection(StrEnum):
    """Why a single row is no play; in the order in which a row with several faults is judged."""

    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    BAD_TIME = "bad_time"
    BAD_MS_PLAYED = "bad_ms_played"
    BAD_TEXT = "bad_text"
    NO_CONTENT = "no_content"


class ExportError(Exception):
    """A file or an archive that can never be read, with a reason for programs and a sentence for people."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message


class RowRejected(Exception):
    """One row of a file is no play."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection)
        self.rejection = rejection
