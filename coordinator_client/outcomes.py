"""The ways in which a handler ends an attempt.

It returns None, a result or Ended.ALREADY, or it raises one of these:

Exception
├── AttemptFailure          this attempt failed, a further one may succeed
│   └── PermanentFailure    no further attempt can succeed
├── Snooze                  put the job off
└── Release                 give the job back untouched
"""

from __future__ import annotations

import enum
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

MESSAGE_LIMIT_BYTES = 4096
RESULT_LIMIT_BYTES = 16 * 1024
SNOOZE_LIMIT_SECONDS = 366 * 24 * 3600.0

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

# What a handler may return for the job's result.
Result: TypeAlias = Mapping[str, "Result"] | Sequence["Result"] | str | float | bool | None


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


class Snooze(Exception):
    """Raised by a handler: the job is put off for so many seconds, and the attempt does not count."""

    def __init__(self, seconds: float) -> None:
        if not 0 <= seconds <= SNOOZE_LIMIT_SECONDS:
            raise ValueError(f"a job is put off for 0 to {SNOOZE_LIMIT_SECONDS:.0f} seconds, not {seconds}")
        super().__init__(seconds)
        self.seconds = seconds


class Release(Exception):
    """Raised by a handler: the job goes back as it was, and the attempt does not count."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The handler is done; `result` is a JSON text, or empty where there is none."""

    result: str = ""


def completion(result: Result) -> Completion:
    """Makes a completion of what a handler returned; None is no result.

    Raises:
        PermanentFailure: RESULT_INVALID where it is not to be had as JSON, RESULT_TOO_LARGE beyond 16 KiB.
    """
    if result is None:
        return Completion()
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        # The exception's text may hold what the result does.
        message = f"What the handler returned cannot be written as JSON: {type(error).__name__}."
        raise PermanentFailure("RESULT_INVALID", message) from error
    if size > RESULT_LIMIT_BYTES:
        message = f"The result has {size:,} bytes as JSON; the limit is {RESULT_LIMIT_BYTES:,}."
        raise PermanentFailure("RESULT_TOO_LARGE", message)
    return Completion(text)


def presentable(message: str, limit_bytes: int = MESSAGE_LIMIT_BYTES) -> str:
    """The message as a database and a terminal take it: no control characters, no lone surrogates, cut to the limit."""
    shown = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in message)
    return shown.encode()[:limit_bytes].decode(errors="ignore")
