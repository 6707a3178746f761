"""Why an attempt is over for the worker, said across threads."""

from __future__ import annotations

import enum
import threading

# One for all signals: it is held for an instant.
_giving = threading.Lock()


class EndReason(enum.Enum):
    """Why an attempt is over for the worker before its handler has ended."""

    # The worker does not hold the job any more, or cannot know whether it does.
    LOST = enum.auto()
    # The job was cancelled.
    CANCELLED = enum.auto()
    # The worker stops, and gives the job back.
    STOPPING = enum.auto()
    # The attempt took longer than it may.
    DEADLINE = enum.auto()


class StopSignal:
    """Says once that an attempt is over: all that the session's thread and the handlers' both write to."""

    __slots__ = ("_reason",)

    def __init__(self) -> None:
        self._reason: EndReason | None = None

    @property
    def reason(self) -> EndReason | None:
        """The first reason given; None while the attempt goes on."""
        return self._reason

    def give(self, reason: EndReason) -> None:
        """Ends the attempt, unless it has ended already."""
        with _giving:
            self._reason = self._reason or reason
