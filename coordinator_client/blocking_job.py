"""What a synchronous handler is given: what JobContext is to an asynchronous one, in calls that block."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from coordinator_client.job_context import JobContext


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is known of an attempt when it begins; may go to another process."""

    job_id: str
    queue: str
    kind: str
    attempt: int
    payload: bytes = field(repr=False)
    checkpoint: bytes = field(repr=False)
    size: int
    seconds_left: float


def facts_of(context: JobContext) -> JobFacts:
    """Gathers what is known of an attempt now."""
    return JobFacts(
        context.job_id,
        context.queue,
        context.kind,
        context.attempt,
        context.payload,
        context.checkpoint,
        context.size,
        context.seconds_left,
    )


class BlockingJobContext:
    """One attempt of a job, as a handler sees it that runs in a thread or in a process of its own.

    Nothing can cancel such a handler from outside: one that runs for long asks `is_cancelled` now and then, and leaves.
    """

    def __init__(
        self, facts: JobFacts, tell: Callable[[str, tuple[Any, ...]], None], ended: Callable[[], bool]
    ) -> None:
        """Takes what has a method of the JobContext called and waits for it, and what says that the attempt is over."""
        self._facts = facts
        self._tell = tell
        self._ended = ended
        self._ends_at = time.monotonic() + facts.seconds_left

    @property
    def job_id(self) -> str:
        """The job's id, in the form in which producers know it."""
        return self._facts.job_id

    @property
    def queue(self) -> str:
        """The queue that the job came from."""
        return self._facts.queue

    @property
    def kind(self) -> str:
        """The job's kind, which chose the handler."""
        return self._facts.kind

    @property
    def attempt(self) -> int:
        """Which try of the job this is, counted from 1."""
        return self._facts.attempt

    @property
    def payload(self) -> bytes:
        """The job's own payload, opaque to the coordinator."""
        return self._facts.payload

    @property
    def checkpoint(self) -> bytes:
        """Where an attempt before left off, as it was saved; empty where none has saved any."""
        return self._facts.checkpoint

    @property
    def size(self) -> int:
        """Bytes of the payload, or of the file that the job is about."""
        return self._facts.size

    @property
    def seconds_left(self) -> float:
        """The time until the attempt is ended for the worker; negative once it is."""
        return self._ends_at - time.monotonic()

    @property
    def is_cancelled(self) -> bool:
        """Whether the attempt is over for the worker: nothing that the handler does counts any more."""
        return self._ended()

    def report_progress(self, done: int, total: int, message: str = "") -> None:
        """Tells how far the attempt has come, as `JobContext.report_progress`. Raises LeaseLost."""
        self._tell("report_progress", (done, total, message))

    def save_checkpoint(self, checkpoint: bytes) -> None:
        """Stores where a next attempt is to go on, as `JobContext.save_checkpoint`. Raises LeaseLost."""
        self._tell("save_checkpoint", (checkpoint,))
