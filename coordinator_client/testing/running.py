"""A worker that runs as long as a `with` of a test."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from coordinator_client.typed_worker import Worker


class RunningWorker:
    """Has a worker work on a coordinator: `async with` on the test's event loop, `with` in a thread of its own.

    At the end it takes no more jobs, and finishes or gives back what it has, within its grace.
    """

    def __init__(self, worker: Worker, target: str) -> None:
        """Takes the program's worker and the coordinator that the test has."""
        self._worker = worker.at(target)
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._worker.serve(handle_signals=False))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.stop()
        if self._task is not None:
            await self._task

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.stop()
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _live(self) -> None:
        try:
            asyncio.run(self._worker.serve(handle_signals=False))
        except BaseException as failure:  # noqa: BLE001 - raised again in the test
            self._failure = failure
