"""Reading the file that a job is about."""

from __future__ import annotations

from coordinator_client.job_context import JobContext
from coordinator_client.outcomes import Ended
from tests.service.scripted_coordinator import new_lease
from tests.service.worker_fixtures import scripted, working
from tests.waiting import eventually


async def test_a_payload_comes_in_chunks() -> None:
    read: list[bytes] = []

    async def reading(context: JobContext) -> Ended | None:
        read.extend([chunk async for chunk in context.read_payload()])
        return None

    async with scripted() as coordinator, working(coordinator, {"note": reading}):
        coordinator.content = [b"one ", b"two ", b"three"]
        (await coordinator.stream()).send_jobs([new_lease()])
        await eventually(lambda: coordinator.completed)
        assert read == [b"one ", b"two ", b"three"]
        assert coordinator.payload_offsets == [0]


async def test_a_payload_that_breaks_off_goes_on_from_where_it_was() -> None:
    read: list[bytes] = []

    async def reading(context: JobContext) -> Ended | None:
        read.extend([chunk async for chunk in context.read_payload()])
        return None

    async with scripted() as coordinator, working(coordinator, {"note": reading}):
        coordinator.content = [b"one ", b"two ", b"three ", b"four"]
        coordinator.breaks_after = 1
        (await coordinator.stream()).send_jobs([new_lease()])
        await eventually(lambda: coordinator.completed)
        assert b"".join(read) == b"one two three four"
        assert coordinator.payload_offsets == [0, 4, 8, 14]
