"""How a command ends that did not do what it was asked: an exit code, and a sentence that says what to do."""

from __future__ import annotations

from typing import NoReturn

import click

from coordinator_client.errors import (
    ComeBackLater,
    CoordinatorError,
    CoordinatorUnreachable,
    DeadlineExceeded,
    Draining,
    InternalError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    StoreUnavailable,
    Unauthenticated,
    Unavailable,
)

FAILED, USAGE, NOTHING_FOUND, UNREACHABLE, INTERRUPTED, TERMINATED = 1, 2, 3, 4, 130, 143

EXIT_CODES = (
    "Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 nothing found: no such job, worker or queue, or none "
    "that fits; 4 the coordinator or its database does not answer; 130 Ctrl-C."
)


class Failure(click.ClickException):
    """Ends the command with a sentence on stderr and an exit code."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.code = exit_code


def nothing_found(message: str) -> NoReturn:
    """Ends the command because there is nothing that it could show or act on."""
    raise Failure(message, NOTHING_FOUND)


def explain(error: CoordinatorError, target: str) -> Failure:
    """Says what a call's failure means for whoever typed the command, and what to do."""
    return Failure(_sentence(error, target), _exit_code(error))


def _exit_code(error: CoordinatorError) -> int:
    if isinstance(error, NotFound):
        return NOTHING_FOUND
    return UNREACHABLE if isinstance(error, Unavailable | DeadlineExceeded) else FAILED


def _sentence(error: CoordinatorError, target: str) -> str:
    for kind, sentence in _SENTENCES.items():
        if isinstance(error, kind):
            return sentence.format(target=target, message=_whole(error.message))
    if error.reason == "UNIMPLEMENTED":
        return f"The coordinator at {target} cannot do this: it is older than this command line. Update it."
    if isinstance(error, ComeBackLater):
        when = "" if error.retry_after is None else f" Try again in {error.retry_after:.1f} s."
        return f"{_whole(error.message)} ({error.reason}){when}"
    return f"{_whole(error.message)} ({error.reason})"


_SENTENCES: dict[type[CoordinatorError], str] = {
    CoordinatorUnreachable: (
        "No coordinator answers at {target}. Is it running? --target or SLUICE_COORDINATOR_TARGET names another."
    ),
    StoreUnavailable: "The coordinator at {target} does not reach its database. Look at both, then try again.",
    Draining: "The coordinator at {target} is leaving. Try again in a moment.",
    DeadlineExceeded: (
        "The coordinator at {target} did not answer in time; what was asked may have been done all the same. "
        "Look, then try again; --timeout gives it longer."
    ),
    Unauthenticated: (
        "The coordinator at {target} does not know this service token. Set SLUICE_SERVICE_TOKEN (or --token) to one "
        "of its operators' tokens."
    ),
    PermissionDenied: "{message} Set SLUICE_SERVICE_TOKEN (or --token) to an operator's token.",
    InvalidRequest: "{message}",
    NotFound: "{message} Look at the id: `sluice jobs list` and `sluice workers list` show them.",
    InternalError: "{message} The coordinator's log has the cause.",
}


def _whole(message: str) -> str:
    text = message.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
