"""What runs in the processes of `job_processes`: one handler's call after the other."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import current_process, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from coordinator_client.blocking_job import BlockingJobContext, JobFacts
from coordinator_client.encoding import plain
from coordinator_client.errors import LeaseLost
from coordinator_client.handler_shape import shape_of
from coordinator_client.outcomes import AttemptFailure, Completion, PermanentFailure, Release, Snooze, completion

PROCESS_NAME = "sluice handlers"


@dataclass(frozen=True, slots=True)
class Begin:
    """To the process: call this handler."""

    function: Callable[..., Any]
    facts: JobFacts


@dataclass(frozen=True, slots=True)
class Cancelled:
    """To the process: the attempt under way is over."""


@dataclass(frozen=True, slots=True)
class Told:
    """From the process: the handler calls a method of its context, and waits for the answer."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """To the process: what that call raised."""

    error: Exception | None


@dataclass(frozen=True, slots=True)
class Done:
    """From the process: the handler has returned."""

    completion: Completion


@dataclass(frozen=True, slots=True)
class Raised:
    """From the process: the handler said what is to become of the job."""

    outcome: Exception


@dataclass(frozen=True, slots=True)
class Broken:
    """From the process: the handler raised what it should not. Its text may hold contents, and is not told."""

    exception: str
    frames: str


def is_handler_process() -> bool:
    """Whether this is a process that calls handlers: its main module is loaded again, and must not work as a worker."""
    return current_process().name == PROCESS_NAME


def serve(connection: Connection) -> None:
    """Calls what comes over the connection, until that is closed or the parent is gone."""
    # A signal to all processes of the group is the parent's to answer: it finishes, or kills this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            word = connection.recv()
            # What was meant for the call before comes too late to matter.
            if isinstance(word, Begin):
                connection.send(_call(word, _Line(connection)))
        except (EOFError, OSError):
            return


class _Line:
    """The way from a handler to its worker, for one call."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._has_ended = False

    def tell(self, method: str, arguments: tuple[Any, ...]) -> None:
        """Calls a method of the context at the other end, and raises what it raises."""
        self._connection.send(Told(method, arguments))
        while not isinstance(word := self._connection.recv(), Answer):
            self._has_ended = True
        if word.error is not None:
            raise word.error

    def has_ended(self) -> bool:
        """Whether the attempt is over."""
        while not self._has_ended and self._connection.poll():
            self._has_ended = isinstance(self._connection.recv(), Cancelled)
        return self._has_ended


_shape_of = lru_cache(maxsize=None)(shape_of)


def _call(begin: Begin, line: _Line) -> Done | Raised | Broken:
    try:
        result = _shape_of(begin.function).call(BlockingJobContext(begin.facts, line.tell, line.has_ended))
        return Done(completion(plain(result)))
    except AttemptFailure as failure:
        # As one of ours: its own class may not be known at the other end.
        kind = PermanentFailure if failure.permanent else AttemptFailure
        return Raised(kind(failure.reason, failure.message))
    except (Snooze, Release, LeaseLost) as outcome:
        return Raised(outcome)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the attempt has failed
        return Broken(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


def _end_with_the_parent() -> None:
    """Ends this process when the parent dies, even in the middle of work."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
