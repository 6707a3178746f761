"""What becomes of a session when its stream breaks, its worker leaves, or its coordinator does."""

import asyncio
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest

from coordinator.errors import StoreUnavailable
from coordinator.store import claims
from protos.jobs.v1 import job_pb2, worker_service_pb2
from tests.service.calls import complete, enqueue, get_job, new_job, refusal_of
from tests.service.claim_stream import ClaimStream, claim_stream, leased, leases_of, session_age
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

PENDING, PROCESSING = job_pb2.JOB_STATE_PENDING, job_pb2.JOB_STATE_PROCESSING


async def stands(channel: grpc.aio.Channel, job_id: UUID) -> tuple[int, int]:
    job = await get_job(channel, job_id)
    return job.state, job.attempt


async def first_job(channel: grpc.aio.Channel, stream: ClaimStream) -> tuple[UUID, int]:
    """Enqueues a job and has the stream claim it."""
    await enqueue(channel, new_job())
    await stream.grant(1)
    (lease,) = leased(await stream.jobs())
    return lease


def session_states(url: str) -> list[tuple[bool, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT open, epoch FROM sluice.worker_sessions ORDER BY id").fetchall()


async def test_a_worker_that_comes_back_within_its_grace_keeps_its_session_and_its_jobs(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    async with claim_stream(channel) as stream:
        lease = await first_job(channel, stream)
        secret, session_id = stream.welcome.session_secret, stream.welcome.session_id
    async with claim_stream(channel, secret=secret, held=[lease]) as stream:
        assert stream.welcome.session_id == session_id
        assert not stream.welcome.lost.tokens
        assert session_states(owner_url) == [(True, 2)]
        # Past the grace: nothing of the broken stream may end the session any more.
        await eventually(lambda: session_age(owner_url) > 2.0, timeout=10)
        assert await complete(channel, lease) == []
    assert (await get_job(channel, lease[0])).attempt == 1


async def test_a_worker_may_come_back_to_another_coordinator(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = connect(await start_coordinator()), connect(await start_coordinator())
    async with claim_stream(here) as stream:
        lease = await first_job(here, stream)
        async with claim_stream(there, secret=stream.welcome.session_secret, held=[lease]) as resumed:
            assert resumed.welcome.session_id == stream.welcome.session_id
            assert await complete(there, lease) == []
            refused = await refusal_of(ping_to_the_end(stream))
            assert refused.reason == "LEASE_LOST", "the former coordinator cannot extend what it has no more"
            await resumed.grant(2, ended=1)
            await enqueue(there, new_job(b"next"))
            assert list((await resumed.jobs()).payloads) == [b"next"]


async def ping_to_the_end(stream: ClaimStream) -> None:
    """Pings once and reads on: gRPC would put a status of its own in place of the true one for a write too many."""
    async with asyncio.timeout(20):
        await stream.ping()
        while True:
            await stream.pong()


async def test_jobs_that_never_reached_the_worker_go_back_without_costing_an_attempt(
    channel: grpc.aio.Channel,
) -> None:
    async with claim_stream(channel) as stream:
        lease = await first_job(channel, stream)
        secret = stream.welcome.session_secret
    async with claim_stream(channel, secret=secret) as stream:
        await eventually(lambda: is_at(channel, lease[0], (PENDING, 0)))
        assert await complete(channel, lease) == [0]
        await stream.grant(1)
        assert leased(await stream.jobs())[0][1] != lease[1]
    assert not (await get_job(channel, lease[0])).errors


async def is_at(channel: grpc.aio.Channel, job_id: UUID, wanted: tuple[int, int]) -> bool:
    return await stands(channel, job_id) == wanted


async def test_what_the_worker_believes_to_hold_and_does_not_is_named_in_the_welcome(
    channel: grpc.aio.Channel,
) -> None:
    async with claim_stream(channel) as stream:
        lease = await first_job(channel, stream)
        secret = stream.welcome.session_secret
        await complete(channel, lease)
    async with claim_stream(channel, secret=secret, held=[lease]) as stream:
        assert leases_of(stream.welcome.lost) == [lease]


async def test_an_unknown_secret_opens_a_new_session_that_holds_nothing(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel, worker="first") as stream:
        lease = await first_job(channel, stream)
        async with claim_stream(channel, worker="thief", secret=bytes(32), held=[lease]) as thief:
            assert thief.welcome.session_id != stream.welcome.session_id
            assert leases_of(thief.welcome.lost) == [lease]
        assert await complete(channel, lease) == []


async def test_a_session_whose_grace_is_over_is_not_resumed_and_its_jobs_are_free(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        lease = await first_job(channel, stream)
        secret = stream.welcome.session_secret
    await eventually(lambda: is_at(channel, lease[0], (PENDING, 1)))
    async with claim_stream(channel, secret=secret, held=[lease]) as stream:
        assert leases_of(stream.welcome.lost) == [lease]
    assert (await get_job(channel, lease[0])).errors[0].reason == "WORKER_LOST"


async def test_a_goodbye_frees_at_once_what_is_still_held(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    channel = connect(await start_coordinator(reconnect_grace_seconds=15.0))
    async with claim_stream(channel) as stream:
        lease = await first_job(channel, stream)
        await stream.goodbye()
    await eventually(lambda: is_at(channel, lease[0], (PENDING, 1)))
    assert session_states(owner_url) == [(False, 1)]


async def test_the_sessions_of_a_coordinator_that_drains_live_on_until_another_resumes_them(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    leaving = await start_coordinator(drain_seconds=1.0, reconnect_grace_seconds=0.0)
    here, there = connect(leaving), connect(await start_coordinator())
    async with claim_stream(here) as stream:
        lease = await first_job(here, stream)
        stopping = asyncio.create_task(leaving.stop())
        assert (await stream.pong()).drain
    await stopping
    await eventually(lambda: session_age(owner_url) > 2.5)
    async with claim_stream(there, secret=stream.welcome.session_secret, held=[lease]) as stream:
        assert not stream.welcome.lost.tokens
        assert await complete(there, lease) == []


async def test_a_resumed_session_never_gets_more_than_it_has_room_for(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job()] * 5)
    async with claim_stream(channel) as stream:
        await stream.grant(2)
        held: list[tuple[UUID, int]] = []
        while len(held) < 2:
            held += leased(await stream.jobs())
        secret = stream.welcome.session_secret
    async with claim_stream(channel, secret=secret, held=held) as stream:
        await stream.grant(3)  # two that are held count as sent
        assert len(leased(await stream.jobs())) == 1
        await stream.ping(1)
        await stream.ping(2)
        assert [(await get_job(channel, job_id)).state for job_id, _ in held] == [PROCESSING] * 2


async def test_a_claim_whose_answer_was_lost_strands_no_job(
    channel: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = claims.claim, 0

    async def claim(*arguments: Any) -> claims.Claimed:
        nonlocal lost
        claimed = await real(*arguments)
        if claimed.jobs and not lost:
            lost = len(claimed.jobs)
            raise StoreUnavailable("The connection broke after the commit.", retry_after_seconds=1.0)
        return claimed

    monkeypatch.setattr(claims, "claim", claim)
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        batch = await stream.jobs()
        assert (lost, list(batch.attempts)) == (1, [1]), "the lost claim cost no attempt"
        assert await complete(channel, *leased(batch)) == []
    assert (await get_job(channel, job_id)).attempt == 1


async def test_too_many_held_leases_and_a_long_secret_are_refused(channel: grpc.aio.Channel) -> None:
    async def hello(**fields: Any) -> None:
        async with claim_stream(channel, **fields):
            pass

    refused = await refusal_of(hello(secret=bytes(65)))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "hello.session_secret")
    refused = await refusal_of(hello(held=[(UUID(int=number), 1) for number in range(10_001)]))
    assert (refused.info.metadata["field"], refused.info.metadata["limit"]) == ("hello.held", "10000")
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT


async def test_after_its_goodbye_a_worker_is_sent_nothing(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        await stream.call.write(worker_service_pb2.ClaimRequest(goodbye=worker_service_pb2.Goodbye()))
        while await stream.call.read() is not grpc.aio.EOF:
            pass
        (job_id,) = await enqueue(channel, new_job())
        assert await stands(channel, job_id) == (PENDING, 0)
        assert await stream.call.code() == grpc.StatusCode.OK
