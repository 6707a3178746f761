"""One attempt: the handler within its deadline, then the verb that its end calls for."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TypeAlias

from coordinator_client.errors import CoordinatorError, LeaseLost
from coordinator_client.job_context import Handler, JobContext
from coordinator_client.outcomes import AttemptFailure, Ended, Release
from coordinator_client.verbs import Verbs

Outcome: TypeAlias = Ended | AttemptFailure | Release | LeaseLost | None

logger = logging.getLogger(__name__)


async def run_attempt(context: JobContext, handler: Handler, verbs: Verbs) -> None:
    """Runs the handler and ends the attempt accordingly.

    Cancelled, it ends nothing: whoever cancels it knows what is to become of the job.
    """
    outcome = await _outcome(context, handler)
    if not context.is_cancelled and not await _tell(outcome, context, verbs):
        logger.warning("Job %s, attempt %d: the lease was lost before its end", context.lease, context.attempt)


async def _tell(outcome: Outcome, context: JobContext, verbs: Verbs) -> bool:
    """Carries out the verb that the outcome calls for; answers whether the lease was still held."""
    match outcome:
        case None:
            return await verbs.complete(context.lease)
        case AttemptFailure(reason=reason):
            logger.info("Job %s, attempt %d failed: %s", context.lease, context.attempt, reason)
            return await verbs.fail(context.lease, outcome)
        case Release():
            await verbs.release([context.lease])
    return not isinstance(outcome, LeaseLost)


async def _outcome(context: JobContext, handler: Handler) -> Outcome:
    """Runs the handler within the attempt's deadline; what it raises becomes a way to end the attempt."""
    deadline = asyncio.timeout(context.seconds_left)
    try:
        async with deadline:
            return await handler(context)
    except (LeaseLost, Release, AttemptFailure) as outcome:
        return outcome
    except CoordinatorError as error:
        # Its message may name addresses of ours: people are told the reason.
        return AttemptFailure(error.reason, f"A call of the worker failed: {error.reason}.")
    except asyncio.CancelledError as error:
        if context.is_cancelled:
            raise
        return _broken(context, error)  # something that the handler waited for was cancelled
    except Exception as error:  # noqa: BLE001 - whatever it is, the attempt has failed
        if deadline.expired():
            return AttemptFailure("ATTEMPT_EXPIRED", "The attempt took longer than its deadline.")
        return _broken(context, error)


def _broken(context: JobContext, error: BaseException) -> AttemptFailure:
    """The failure of a handler that raised what it should not, of which only the type is told.

    The exception's text may hold contents of a file: neither people nor the log get to see it.
    """
    name = type(error).__name__
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("Job %s, attempt %d: the handler raised %s\n%s", context.lease, context.attempt, name, frames)
    return AttemptFailure("HANDLER_ERROR", f"The handler raised {name}.")
