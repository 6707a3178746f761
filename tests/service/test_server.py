"""The coordinator as a server: health, reflection, errors that leak nothing, starting and stopping."""

import socket
from typing import Any

import grpc
import grpc.aio
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from coordinator.errors import StoreUnavailable
from coordinator.server import SERVICES, Coordinator
from coordinator.settings import Settings
from protos.jobs.v1 import job_service_pb2, job_service_pb2_grpc, worker_service_pb2
from tests.service.calls import enqueue, get_job, new_job, refusal_of
from tests.service.conftest import StartCoordinator
from tests.waiting import eventually


async def health(channel: grpc.aio.Channel, service: str = "") -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    return int((await stub.Check(health_pb2.HealthCheckRequest(service=service))).status)


async def test_it_says_that_it_is_ready(channel: grpc.aio.Channel) -> None:
    for service in ("", *SERVICES):

        async def is_serving(service: str = service) -> bool:
            return await health(channel, service) == int(health_pb2.HealthCheckResponse.SERVING)

        await eventually(is_serving)


async def test_it_is_not_ready_without_a_place_for_tomorrows_history(channel: grpc.aio.Channel, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        row = connection.execute("SELECT to_char((now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')").fetchone()
        assert row is not None
        connection.execute(f"DROP TABLE sluice.job_history_{row[0]}")

    async def is_not_serving() -> bool:
        return await health(channel) == int(health_pb2.HealthCheckResponse.NOT_SERVING)

    await eventually(is_not_serving)


async def test_reflection_lists_the_services(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    async for response in call:
        listed = {service.name for service in response.list_services_response.service}
        assert set(SERVICES) <= listed


async def test_a_malformed_message_is_refused_and_the_server_stays_up(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/jobs.v1.JobService/Enqueue", request_serializer=bytes)
    refused = await refusal_of(call(b"\xff\xff\xff no message"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert len(await enqueue(channel, new_job())) == 1


async def test_a_malformed_message_in_a_stream_is_refused(channel: grpc.aio.Channel) -> None:
    call: Any = channel.stream_stream("/jobs.v1.WorkerService/Claim", request_serializer=bytes)()
    hello = worker_service_pb2.Hello(worker="w", queues=["q"], kinds=["k"])
    await call.write(worker_service_pb2.ClaimRequest(hello=hello).SerializeToString())
    await call.read()
    await call.write(b"\xff\xff\xff no message")
    assert (await refusal_of(call.read())).reason == "INVALID_REQUEST"


async def test_health_can_be_watched(channel: grpc.aio.Channel) -> None:
    call = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
    assert (await call.read()).status in set(health_pb2.HealthCheckResponse.ServingStatus.values())
    call.cancel()


async def test_an_unknown_method_is_unimplemented(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary("/jobs.v1.JobService/Destroy", request_serializer=bytes)(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_bug_becomes_an_incident_that_leaks_nothing(channel: grpc.aio.Channel, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE sluice.jobs RENAME COLUMN payload TO secret_name")
    refused = await refusal_of(enqueue(channel, new_job()))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert refused.info.metadata["incident"] in refused.message
    assert "payload" not in refused.message


async def test_a_database_that_goes_away_is_told_with_a_time_to_wait_and_comes_back(
    channel: grpc.aio.Channel, owner_url: str, database: str
) -> None:
    (job_id,) = await enqueue(channel, new_job())
    admin = owner_url.replace(f"/{database}", "/postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        refused = await refusal_of(get_job(channel, job_id))
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        assert refused.retry_after_seconds == 1.0
        connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")

    async def answers() -> bool:
        try:
            return bool((await get_job(channel, job_id)).id)
        except grpc.aio.AioRpcError:
            return False

    await eventually(answers, timeout=20)


async def test_a_service_token_is_asked_for_where_there_are_some(start_coordinator: StartCoordinator) -> None:
    tokens = "producer:producer-token-0001 worker:worker-token-00001"
    coordinator = await start_coordinator(service_tokens=tokens)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{coordinator.port}") as channel:
        stub = job_service_pb2_grpc.JobServiceStub(channel)
        request = job_service_pb2.EnqueueRequest(owner="tests", jobs=[new_job()])
        assert (await refusal_of(stub.Enqueue(request))).code is grpc.StatusCode.UNAUTHENTICATED
        wrong_role = (("authorization", "Bearer worker-token-00001"),)
        assert (await refusal_of(stub.Enqueue(request, metadata=wrong_role))).reason == "PERMISSION_DENIED"
        right_role = (("authorization", "Bearer producer-token-0001"),)
        assert len((await stub.Enqueue(request, metadata=right_role)).job_ids) == 1


async def test_a_port_that_is_taken_is_told_in_a_sentence(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        coordinator = Coordinator(Settings(DATABASE_URL=database_url, grpc_port=port))
        with pytest.raises(OSError, match=f"Cannot listen on 127.0.0.1:{port}"):
            await coordinator.start()


async def test_a_database_that_does_not_answer_is_told_in_a_sentence() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nowhere"
    coordinator = Coordinator(Settings(DATABASE_URL=url, database_timeout_seconds=0.5))
    with pytest.raises(StoreUnavailable, match="check that it runs and that DATABASE_URL is right"):
        await coordinator.start()
