"""The claim stream on a real port: credits, pings, leases, and what happens to jobs when a stream ends."""

import asyncio
from uuid import UUID

import grpc
import grpc.aio

from protos.jobs.v1 import job_pb2, worker_service_pb2, worker_service_pb2_grpc
from tests.service.calls import complete, enqueue, fail, get_job, new_job, refusal_of, release
from tests.service.claim_stream import claim_stream, leased, session_age
from tests.service.conftest import StartCoordinator
from tests.waiting import eventually


async def test_a_waiting_worker_gets_a_new_job_and_completes_it(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        (job_id,) = await enqueue(channel, new_job(b"payload"))
        batch = await stream.jobs()
        assert (list(batch.payloads), list(batch.attempts), list(batch.kinds)) == ([b"payload"], [1], ["work"])
        assert await complete(channel, *leased(batch)) == []
    job = await get_job(channel, job_id)
    assert job.state == job_pb2.JOB_STATE_COMPLETED
    assert job.HasField("finished_at")


async def test_a_worker_never_holds_more_than_it_asked_for(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job()] * 10)
    async with claim_stream(channel) as stream:
        await stream.grant(3)
        held = leased(await stream.jobs())
        while len(held) < 3:
            held += leased(await stream.jobs())
        await stream.ping(7)  # whatever was sent before the pong has been read and would have failed ping()
        assert len(held) == 3
        await stream.grant(4, ended=1)
        assert len(leased(await stream.jobs())) == 1


async def test_credit_by_bytes_takes_the_prefix_that_fits(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(bytes(600)), new_job(bytes(300)), new_job(bytes(200)))
    async with claim_stream(channel) as stream:
        await stream.grant(10, bytes_total=1000)
        assert [len(payload) for payload in (await stream.jobs()).payloads] == [600, 300]


async def test_a_worker_that_holds_nothing_gets_one_job_however_large(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(bytes(5000)), new_job(bytes(10)))
    async with claim_stream(channel) as stream:
        await stream.grant(10, bytes_total=100)
        batch = await stream.jobs()
        assert list(batch.sizes) == [5000]
        await complete(channel, *leased(batch))
        await stream.grant(10, ended=1, bytes_total=5100)
        assert list((await stream.jobs()).sizes) == [10]


async def test_jobs_of_other_kinds_are_left_alone(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(kind="other"), new_job(b"mine"))
    async with claim_stream(channel) as stream:
        await stream.grant(2)
        assert list((await stream.jobs()).payloads) == [b"mine"]


async def test_lower_priorities_run_first_and_lanes_take_turns(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job(b"a%d" % n, lane="a") for n in range(3)])
    await enqueue(channel, *[new_job(b"b%d" % n, lane="b") for n in range(2)])
    await enqueue(channel, new_job(b"urgent", priority=-1))
    async with claim_stream(channel) as stream:
        await stream.grant(6)
        payloads: list[bytes] = []
        while len(payloads) < 6:
            payloads += (await stream.jobs()).payloads
    assert payloads[0] == b"urgent"
    assert {payloads[1], payloads[2]} == {b"a0", b"b0"}
    assert {payloads[3], payloads[4]} == {b"a1", b"b1"}


async def test_a_closed_stream_frees_its_jobs_for_another_worker(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel, worker="first") as stream:
        await stream.grant(1)
        (lost,) = leased(await stream.jobs())
    async with claim_stream(channel, worker="second") as stream:
        await stream.grant(1)
        batch = await stream.jobs()
        assert list(batch.attempts) == [2]
        assert await complete(channel, lost) == [0], "the first worker's token is stale"
        assert await complete(channel, *leased(batch)) == []
    job = await get_job(channel, job_id)
    assert [(error.reason, error.worker) for error in job.errors] == [("WORKER_LOST", "first")]


async def test_a_silent_worker_loses_its_jobs_within_the_lease(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(lease_seconds=1.0, ping_seconds=0.2)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        (job_id,) = await enqueue(channel, new_job())
        async with claim_stream(channel) as stream:
            await stream.grant(1)
            await stream.jobs()
            await eventually(lambda: _state_is(channel, job_id, job_pb2.JOB_STATE_PENDING))


async def test_a_worker_that_pings_keeps_its_jobs(start_coordinator: StartCoordinator, owner_url: str) -> None:
    coordinator = await start_coordinator(lease_seconds=1.0, ping_seconds=0.2)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        (job_id,) = await enqueue(channel, new_job())
        async with claim_stream(channel) as stream:
            await stream.grant(1)
            (lease,) = leased(await stream.jobs())

            async def pings_past_two_leases() -> bool:
                await stream.ping()
                return session_age(owner_url) > 2.0

            await eventually(pings_past_two_leases)
            assert await complete(channel, lease) == []
        assert (await get_job(channel, job_id)).attempt == 1


async def test_an_attempt_past_its_deadline_is_ended_and_the_worker_told(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(default_deadline_seconds=1.0, deadline_check_seconds=0.1)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        (job_id,) = await enqueue(channel, new_job())
        async with claim_stream(channel) as stream:
            await stream.grant(1)
            (lease,) = leased(await stream.jobs())
            async with asyncio.timeout(25):
                pong = await stream.call.read()
            assert pong.pong.lost.job_ids == job_id.bytes
            assert list(pong.pong.lost.tokens) == [lease[1]]
            assert await complete(channel, lease) == [0]
        assert (await get_job(channel, job_id)).errors[0].reason == "ATTEMPT_EXPIRED"


async def test_jobs_that_were_never_sent_go_back_without_costing_an_attempt(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        (lease,) = leased(await stream.jobs())
        assert await release(channel, lease) == []
    job = await get_job(channel, job_id)
    assert (job.state, job.attempt, len(job.errors)) == (job_pb2.JOB_STATE_PENDING, 0, 0)


async def test_a_stream_must_begin_with_hello(channel: grpc.aio.Channel) -> None:
    call = worker_service_pb2_grpc.WorkerServiceStub(channel).Claim()
    await call.write(worker_service_pb2.ClaimRequest(ping=worker_service_pb2.Ping()))
    refused = await refusal_of(call.read())
    assert (refused.code, refused.info.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "hello")


async def test_a_leaving_coordinator_tells_its_streams_and_stops(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator(drain_seconds=5.0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        await enqueue(channel, new_job())
        async with claim_stream(channel) as stream:
            await stream.grant(1)
            (lease,) = leased(await stream.jobs())
            stopping = asyncio.create_task(coordinator.stop())
            assert (await stream.pong()).drain
            assert await complete(channel, lease) == []
        async with asyncio.timeout(4):
            await stopping


async def _state_is(channel: grpc.aio.Channel, job_id: UUID, state: int) -> bool:
    return (await get_job(channel, job_id)).state == state


async def test_a_permanent_error_ends_a_job_at_once(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        (lease,) = leased(await stream.jobs())
        assert (await fail(channel, lease, permanent=True)).state == job_pb2.JOB_STATE_FAILED
        assert (await fail(channel, lease, permanent=True)).state == job_pb2.JOB_STATE_FAILED, "a repeat is harmless"
        assert await complete(channel, lease) == [0], "another verb with the same token is not"
    job = await get_job(channel, job_id)
    assert (job.state, job.errors[0].message) == (job_pb2.JOB_STATE_FAILED, "it broke")


async def test_a_stale_token_is_refused_by_every_verb_and_changes_nothing(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel, worker="zombie") as stream:
        await stream.grant(1)
        (stale,) = leased(await stream.jobs())
    async with claim_stream(channel, worker="second") as stream:
        await stream.grant(1)
        (held,) = leased(await stream.jobs())
        before = await get_job(channel, job_id)
        assert await complete(channel, stale) == [0]
        assert await release(channel, stale) == [0]
        assert (await fail(channel, stale)).refusal_reason == "LEASE_LOST"
        assert await get_job(channel, job_id) == before
        assert await complete(channel, held) == []


async def test_a_repeated_verb_is_answered_as_the_first_time(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(), new_job())
    async with claim_stream(channel) as stream:
        await stream.grant(2)
        held: list[tuple[UUID, int]] = []
        while len(held) < 2:
            held += leased(await stream.jobs())
        assert await complete(channel, held[0]) == await complete(channel, held[0]) == []
        assert await release(channel, held[1]) == await release(channel, held[1]) == []
        assert await release(channel, held[0]) == [0], "another verb with the same token is refused"


async def test_a_job_named_twice_in_one_request_is_refused(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job())
    refused = await refusal_of(complete(channel, (job_id, 1), (job_id, 2)))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "leases")
