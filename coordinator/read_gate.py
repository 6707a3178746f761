"""How many reads of plays run at once: each may take long, and calls that work depends on need connections too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coordinator.errors import Busy

RETRY_SECONDS = 1.0


class ReadGate:
    """Lets so many reads through at a time. The others wait here, where they hold no connection."""

    def __init__(self, *, max_reads: int, wait_seconds: float) -> None:
        """Makes a gate. `wait_seconds` is how long a read waits for its turn."""
        self._places = asyncio.Semaphore(max_reads)
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a place and holds it. Raises Busy where that takes too long."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise Busy(
                "Too much is being read at this moment; try again.",
                retry_after_seconds=RETRY_SECONDS,
                limit=self._wait_seconds,
            ) from None
        try:
            yield
        finally:
            self._places.release()
