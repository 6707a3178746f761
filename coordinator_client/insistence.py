"""Making a call until it is answered, whatever channel it has to take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import grpc.aio

from coordinator_client.backoff import Backoff
from coordinator_client.errors import CoordinatorError, InvalidRequest, PayloadTooLarge, from_rpc_error
from coordinator_client.patience import PASSING, Patience

# Of what a further try rarely mends, such as an error inside of the coordinator.
TRIES = 5

_BACKOFF = Backoff(ceiling_seconds=2.0)
# What the request itself is to blame for: no further try mends it.
_UNMENDABLE = (InvalidRequest, PayloadTooLarge)

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Response = TypeVar("Response")


async def insist(call: Callable[[], Awaitable[Response]], name: str) -> Response:
    """Makes a call again and again, for as long as waiting may mend what it fails by.

    To be used where a repeat is safe. A call that is under way when its channel is closed is made again at once, for
    another channel has taken its place.

    Raises:
        CoordinatorError: the last try's, where the request is refused for good or a few tries met with other errors.
    """
    patience, tries = Patience(_BACKOFF), 0
    while True:
        try:
            return await call()
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            continue
        except grpc.aio.AioRpcError as failed:
            error = from_rpc_error(failed)
        tries += not isinstance(error, PASSING)
        if tries == TRIES or isinstance(error, _UNMENDABLE):
            raise error
        logger.warning("%s is not answered, trying again: %s", name, error)
        await patience.wait(error)


def each_if_refused(
    send: Callable[[Sequence[Item]], Awaitable[list[bool]]],
) -> Callable[[Sequence[Item]], Awaitable[list[bool]]]:
    """Makes a batch that is refused for good go item by item, so that one cannot spoil the rest.

    An item that is not taken is logged and answered with False.
    """

    async def send_batch(items: Sequence[Item]) -> list[bool]:
        try:
            return await send(items)
        except _UNMENDABLE as error:
            if len(items) > 1:
                return [answer for item in items for answer in await send_batch([item])]
            logger.error("The coordinator refuses for good what is said of a job: %s", error)  # noqa: TRY400
        except CoordinatorError as error:
            logger.error("What is said of %d jobs is given up: %s", len(items), error)  # noqa: TRY400
        return [False] * len(items)

    return send_batch


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
