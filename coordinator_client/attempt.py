"""One attempt: the handler, and what its end means."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TypeAlias

from coordinator_client.errors import CoordinatorError, LeaseLost
from coordinator_client.job_context import Handler, JobContext
from coordinator_client.outcomes import AttemptFailure, Completion, Ended, Release, Snooze, completion
from coordinator_client.stop_signal import EndReason

# How a handler ended. With the last two nothing is left to say, and with None nothing is to be said any more.
Outcome: TypeAlias = Completion | AttemptFailure | Snooze | Release | Ended | LeaseLost | None

logger = logging.getLogger(__name__)


async def outcome_of(context: JobContext, handler: Handler) -> Outcome:
    """Runs the handler; what it returns or raises becomes the attempt's outcome.

    None where the attempt was ended for it meanwhile: whoever did that knows what is to become of the job.
    """
    outcome = await _outcome(context, handler)
    return outcome if context.end_reason in (None, EndReason.DEADLINE) else None


async def _outcome(context: JobContext, handler: Handler) -> Outcome:
    try:
        returned = await handler(context)
        return returned if isinstance(returned, Ended | Completion) else completion(returned)
    except (LeaseLost, Release, Snooze, AttemptFailure) as outcome:
        return outcome
    except CoordinatorError as error:
        # Its message may name addresses of ours: people are told the reason.
        return AttemptFailure(error.reason, f"A call of the worker failed: {error.reason}.")
    # SystemExit too: one job must not end the worker, and then the next that takes it.
    except (Exception, asyncio.CancelledError, SystemExit) as error:  # noqa: BLE001 - whatever it is, the attempt has failed
        return _failure(context, error)


def _failure(context: JobContext, error: BaseException) -> AttemptFailure | None:
    match context.end_reason:
        case EndReason.DEADLINE:
            return AttemptFailure("ATTEMPT_EXPIRED", "The attempt took longer than its deadline.")
        case None if not _was_cancelled(error):
            return _broken(context, error)
    return None


def _was_cancelled(error: BaseException) -> bool:
    """Whether the handler's own task was cancelled, and not something that it waited for."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _broken(context: JobContext, error: BaseException) -> AttemptFailure:
    """The failure of a handler that raised what it should not, of which only the type is told.

    The exception's text may hold contents of a file: neither people nor the log get to see it.
    """
    name = type(error).__name__
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("Job %s, attempt %d: the handler raised %s\n%s", context.lease, context.attempt, name, frames)
    return AttemptFailure("HANDLER_ERROR", f"The handler raised {name}.")
