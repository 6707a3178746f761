"""Trying again for as long as it takes: a worker's way, whom the end of its lease stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from coordinator_client.backoff import Backoff
from coordinator_client.errors import ComeBackLater, CoordinatorError, DeadlineExceeded, Unavailable

# What waiting mends.
PASSING: tuple[type[CoordinatorError], ...] = (Unavailable, ComeBackLater, DeadlineExceeded)

_BACKOFF = Backoff()

logger = logging.getLogger(__name__)

Response = TypeVar("Response")


class Patience:
    """Waits between the tries of one thing, longer with each failure in a row."""

    def __init__(self, backoff: Backoff = _BACKOFF) -> None:
        self._backoff = backoff
        self._failures = 0

    def succeed(self) -> None:
        """Notes that something went well: the next wait is a short one again."""
        self._failures = 0

    async def wait(self, error: CoordinatorError) -> None:
        """Waits after a failure, at least for as long as the coordinator asked."""
        self._failures += 1
        await asyncio.sleep(self._backoff.seconds(self._failures, error.retry_after))


async def until_answered(call: Callable[[], Awaitable[Response]]) -> Response:
    """Makes a call again and again while it fails in a way that passes; to be used where a repeat is safe.

    There is no limit: a worker's call ends with the lease or the deadline of its attempt, which cancel it.

    Raises:
        CoordinatorError: what waiting does not mend.
    """
    patience = Patience()
    while True:
        try:
            return await call()
        except PASSING as error:
            logger.info("Trying again: %s", error)
            passing = error
        await patience.wait(passing)
