"""A real coordinator on port 0 over a fresh database, and channels to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc.aio
import pytest

from coordinator.server import Coordinator
from coordinator.settings import Settings
from tests.service.commands import Shell

StartCoordinator = Callable[..., Awaitable[Coordinator]]
Connect = Callable[[Coordinator], grpc.aio.Channel]


@pytest.fixture
async def start_coordinator(database_url: str) -> AsyncIterator[StartCoordinator]:
    """Starts coordinators over the test's database, with settings of the test's own; stops them afterwards."""
    started: list[Coordinator] = []

    async def start(**settings: Any) -> Coordinator:
        chosen = {"grpc_port": 0, "drain_seconds": 0.5, "poll_seconds": 0.2, **settings}
        coordinator = Coordinator(Settings(DATABASE_URL=database_url, **chosen))
        started.append(coordinator)
        await coordinator.start()
        return coordinator

    yield start
    for coordinator in started:
        await coordinator.stop()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens channels to coordinators, and closes them afterwards."""
    opened: list[grpc.aio.Channel] = []

    def open_channel(coordinator: Coordinator) -> grpc.aio.Channel:
        opened.append(grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}"))
        return opened[-1]

    yield open_channel
    for channel in opened:
        await channel.close()


@pytest.fixture
async def channel(start_coordinator: StartCoordinator) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a coordinator with the default settings."""
    coordinator = await start_coordinator()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as opened:
        yield opened


@pytest.fixture
async def shell(start_coordinator: StartCoordinator) -> Shell:
    """The command line, aimed at a coordinator of the test's own."""
    coordinator = await start_coordinator()
    return Shell(f"127.0.0.1:{coordinator.port}")
