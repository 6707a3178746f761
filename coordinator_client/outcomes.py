"""The ways in which a handler ends an attempt, other than by returning.

Exception
├── AttemptFailure          this attempt failed, a further one may succeed
│   └── PermanentFailure    no further attempt can succeed
└── Release                 give the job back untouched
"""

from __future__ import annotations

import enum
import re
import unicodedata
from typing import ClassVar

MESSAGE_LIMIT_BYTES = 4096

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class Ended(enum.Enum):
    """What a handler returns whose own call has ended the attempt, as CommitListens does."""

    ALREADY = enum.auto()


class AttemptFailure(Exception):
    """Raised by a handler: the attempt failed, and the job's retry policy decides what follows.

    `reason` is in upper snake case, at most 64 characters; `message` is what people are told, without
    contents of files and without secrets: characters that cannot be shown become spaces, and it is cut at 4
    KiB.
    """

    permanent: ClassVar[bool] = False

    def __init__(self, reason: str, message: str) -> None:
        if not _REASON.fullmatch(reason):
            raise ValueError(f"a reason is in upper snake case, at most 64 characters; not {reason!r}")
        super().__init__(reason, message)
        self.reason = reason
        self.message = presentable(message)


class PermanentFailure(AttemptFailure):
    """Raised by a handler: the attempt failed, and so would every other."""

    permanent: ClassVar[bool] = True


class Release(Exception):
    """Raised by a handler: the job goes back as it was, and the attempt does not count."""


def presentable(message: str) -> str:
    """The message as a database and a terminal take it: no control characters, no lone surrogates, 4 KiB."""
    shown = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in message)
    return shown.encode()[:MESSAGE_LIMIT_BYTES].decode(errors="ignore")
