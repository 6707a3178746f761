"""Fixtures for pytest. All names begin with `sluice`; nothing is started before a test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

# The plugin is loaded by every run of pytest where the library is installed: what it needs comes when it is needed.
if TYPE_CHECKING:
    from coordinator_client.channel import CoordinatorChannel
    from coordinator_client.operator import Operator
    from coordinator_client.producer import Producer
    from coordinator_client.testing.running import RunningWorker
    from coordinator_client.testing.scratch import ScratchCoordinator, ScratchServer
    from coordinator_client.typed_worker import Worker

    RunWorker: TypeAlias = Callable[[Worker], RunningWorker]


def pytest_configure(config: pytest.Config) -> None:
    """Makes the plugin's mark known."""
    config.addinivalue_line(
        "markers",
        "sluice(**settings): settings of the test's coordinator, such as lease_seconds=2; see docs/settings.md",
    )


@pytest.fixture(scope="session")
def sluice_server() -> Iterator[ScratchServer]:
    """The PostgreSQL of the session, and the process that has its coordinators."""
    from coordinator_client.testing.scratch import ScratchServer  # noqa: PLC0415

    server = ScratchServer()
    yield server
    server.stop()


@pytest.fixture
def sluice_coordinator(sluice_server: ScratchServer, request: pytest.FixtureRequest) -> Iterator[ScratchCoordinator]:
    """A coordinator of the test's own over a fresh database: `target`, `database_url`, `push`."""
    settings: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("sluice"))):
        settings |= mark.kwargs
    with sluice_server.coordinator(settings) as coordinator:
        yield coordinator


@pytest.fixture
def sluice_clock(sluice_coordinator: ScratchCoordinator) -> Callable[[float | timedelta], None]:
    """Pushes the coordinator's time forward: `sluice_clock(3600)` is an hour later."""
    return sluice_coordinator.push


@pytest.fixture
def sluice_channel(sluice_coordinator: ScratchCoordinator) -> CoordinatorChannel:
    """A channel to the coordinator, which connects when it is used, on whatever event loop that is."""
    from coordinator_client.channel import open_channel  # noqa: PLC0415

    return open_channel(sluice_coordinator.target)


@pytest.fixture
def sluice_producer(sluice_channel: CoordinatorChannel) -> Producer:
    """What enqueues jobs and looks them up."""
    from coordinator_client.producer import Producer  # noqa: PLC0415

    return Producer(sluice_channel)


@pytest.fixture
def sluice_operator(sluice_channel: CoordinatorChannel) -> Operator:
    """What looks after queues and jobs of any owner."""
    from coordinator_client.operator import Operator  # noqa: PLC0415

    return Operator(sluice_channel)


@pytest.fixture
def sluice_worker(sluice_coordinator: ScratchCoordinator) -> RunWorker:
    """Has a worker run for as long as an `async with`, or a `with` where the test is synchronous."""
    from coordinator_client.testing.running import RunningWorker  # noqa: PLC0415

    return lambda worker: RunningWorker(worker, sluice_coordinator.target)
