"""Workers that run against a scripted coordinator for the length of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from coordinator_client.channel import open_channel
from coordinator_client.job_context import Handler, JobContext
from coordinator_client.outcomes import Ended
from coordinator_client.worker import WorkerRuntime
from tests.service.scripted_coordinator import ScriptedCoordinator


@dataclass
class HeldHandler:
    """A handler whose attempts run until the test lets them go, and which remembers them."""

    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    started: list[JobContext] = field(default_factory=list)
    cancelled: list[JobContext] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def __call__(self, context: JobContext) -> Ended | None:
        self.started.append(context)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.append(context)
            raise
        finally:
            self.running -= 1
        return None


@asynccontextmanager
async def scripted(
    extend: Callable[[ScriptedCoordinator], None] = lambda _: None,
) -> AsyncIterator[ScriptedCoordinator]:
    """A running coordinator; `extend` may add methods to it before it starts."""
    coordinator = ScriptedCoordinator()
    extend(coordinator)
    await coordinator.start()
    try:
        yield coordinator
    finally:
        await coordinator.stop()


def new_runtime(
    target: str,
    handlers: Mapping[str, Handler],
    *,
    concurrency: int = 5,
    max_bytes: int | None = None,
    grace_seconds: float = 0.0,
) -> WorkerRuntime:
    """A worker of whatever stands at the target."""
    return WorkerRuntime(
        lambda: open_channel(target),
        worker="test-worker",
        queues=["notes"],
        handlers=handlers,
        concurrency=concurrency,
        max_bytes=max_bytes,
        grace_seconds=grace_seconds,
    )


@asynccontextmanager
async def working(
    coordinator: ScriptedCoordinator | str, handlers: Mapping[str, Handler], **options: Any
) -> AsyncIterator[WorkerRuntime]:
    """A running worker of a coordinator, or a target, which is stopped at the end; options as in `new_runtime`."""
    target = coordinator if isinstance(coordinator, str) else coordinator.address
    runtime = new_runtime(target, handlers, **options)
    run = asyncio.create_task(runtime.run(handle_signals=False))
    try:
        yield runtime
    finally:
        runtime.stop()
        await asyncio.wait_for(run, 10)


@asynccontextmanager
async def working_elsewhere(
    coordinator: ScriptedCoordinator, handlers: Mapping[str, Handler], **options: Any
) -> AsyncIterator[WorkerRuntime]:
    """A running worker whose handlers have an event loop of their own, which they may block."""
    runtime = new_runtime(coordinator.address, handlers, **options)
    run = asyncio.create_task(asyncio.to_thread(asyncio.run, runtime.run(handle_signals=False)))
    try:
        yield runtime
    finally:
        runtime.stop()
        await asyncio.wait_for(run, 10)
