"""Work that goes on when the call that began it has left, and that a stop waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from coordinator.errors import SluiceError

T = TypeVar("T")

log = structlog.get_logger()


class BackgroundTasks:
    """Tasks that nobody needs to wait for. A failure is logged, since whoever asked may be gone."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Begins some work."""
        task = asyncio.create_task(work, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._end)
        return task

    async def finish(self) -> None:
        """Waits until all work has ended, well or not; what is begun meanwhile as well."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SluiceError):
            log.warning("background_work_refused", work=task.get_name(), error=error.message)
        elif error is not None:
            log.error("background_work_failed", work=task.get_name(), exc_info=error)
