"""The isolated processes of one worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingest_worker.isolated_process import IsolatedProcess


class ParserPool:
    """Lends processes, each to one job at a time: a file that kills its process takes no other file with it."""

    def __init__(self, processes: int, memory_bytes: int) -> None:
        """Takes how many processes there are, and how much memory each may have."""
        self._all = [IsolatedProcess(memory_bytes) for _ in range(processes)]
        # The one used last comes first: it has started, and has its code at hand.
        self._idle: asyncio.LifoQueue[IsolatedProcess] = asyncio.LifoQueue()
        for process in self._all:
            self._idle.put_nowait(process)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[IsolatedProcess]:
        """Lends a process as soon as one is free."""
        process = await self._idle.get()
        try:
            yield process
        finally:
            self._idle.put_nowait(process)

    def close(self) -> None:
        """Ends all processes."""
        for process in self._all:
            process.close()
