"""What people read keeps no worker from its lease and no job from its worker."""

import asyncio
from uuid import uuid4

import grpc.aio
import pytest

from coordinator.database import Database
from coordinator.listen_domain import ListenFilter, Overview
from coordinator.store import listens
from protos.listens.v1 import listen_service_pb2, listen_service_pb2_grpc
from tests.service.calls import complete, enqueue, get_job, new_job
from tests.service.claim_stream import claim_stream, leased, session_age
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

READS = 30


async def test_many_slow_reads_cost_no_worker_its_session_and_no_caller_its_answer(
    start_coordinator: StartCoordinator, connect: Connect, monkeypatch: pytest.MonkeyPatch, owner_url: str
) -> None:
    async def slow(database: Database, wanted: ListenFilter) -> Overview:
        async with database.connection() as connection:
            await connection.execute("SELECT pg_sleep(0.5)")
        return await get_overview(database, wanted)

    get_overview = listens.get_overview
    monkeypatch.setattr(listens, "get_overview", slow)
    coordinator = await start_coordinator(lease_seconds=1.0, ping_seconds=0.2)
    channel = connect(coordinator)
    async with claim_stream(channel) as stream:
        await enqueue(channel, new_job())
        await stream.grant(1)
        (lease,) = leased(await stream.jobs())
        reading = [asyncio.create_task(read_overview(channel)) for _ in range(READS)]

        async def pings_past_three_leases() -> bool:
            await stream.ping()
            assert (await get_job(channel, lease[0])).attempt == 1
            return session_age(owner_url) > 3.0

        await eventually(pings_past_three_leases)
        assert not all(task.done() for task in reading), "they were read all the while"
        assert await complete(channel, lease) == []
        await enqueue(channel, new_job(b"prompt"))
        await stream.grant(2, ended=1)
        assert list((await stream.jobs()).payloads) == [b"prompt"]
        outcomes = await asyncio.gather(*reading)
    assert set(outcomes) <= {"read", "RESOURCE_EXHAUSTED"}
    assert "read" in outcomes


async def read_overview(channel: grpc.aio.Channel) -> str:
    request = listen_service_pb2.GetOverviewRequest(owner=str(uuid4()))
    try:
        await listen_service_pb2_grpc.ListenServiceStub(channel).GetOverview(request)
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return "read"
