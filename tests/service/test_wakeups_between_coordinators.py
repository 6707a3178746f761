"""Word of new jobs between coordinators: by NOTIFY where there is one, by the poll where there is none."""

import asyncio
from pathlib import Path

import grpc.aio
import psycopg
import pytest

from tests.service.calls import complete, enqueue, new_job
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

# Longer than any test may take: what arrives was told and not polled for.
NO_POLL = 60.0


async def test_a_job_enqueued_at_one_coordinator_is_told_to_the_workers_of_another(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator(poll_seconds=NO_POLL)) for _ in range(2)]
    async with claim_stream(there) as stream:
        await stream.grant(2)
        await stream.ping()
        for payload in (b"first", b"second"):
            await enqueue(here, new_job(payload))
            assert list((await stream.jobs()).payloads) == [payload]


async def test_a_listening_connection_that_dies_is_made_anew(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    here, there = [connect(await start_coordinator(poll_seconds=NO_POLL)) for _ in range(2)]
    async with claim_stream(there) as stream:
        await stream.grant(1)
        await stream.ping()
        await eventually(lambda: listeners(owner_url) == 2)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'sluice_coordinator_listen' AND datname = current_database()"
            )
        await enqueue(here, new_job(b"told while nobody listened, or after"))
        assert len((await stream.jobs()).payloads) == 1
        await eventually(lambda: listeners(owner_url) == 2)


def listeners(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'sluice_coordinator_listen' AND datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_without_listen_the_poll_finds_what_nobody_told(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    here, there = [connect(await start_coordinator(listen=False, poll_seconds=0.2)) for _ in range(2)]
    async with claim_stream(there) as stream:
        await stream.grant(1)
        await stream.ping()
        await enqueue(here, new_job(b"polled"))
        assert list((await stream.jobs()).payloads) == [b"polled"]
    assert listeners(owner_url) == 0


async def test_many_enqueues_are_told_in_few_messages(channel: grpc.aio.Channel, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as listener:
        listener.execute("LISTEN sluice")
        await asyncio.gather(*(enqueue(channel, new_job(lane=str(number))) for number in range(200)))
        (last,) = await enqueue(channel, new_job(queue="last"))
        heard: list[str] = []

        def has_heard_of_the_last() -> bool:
            heard.extend(message.payload for message in listener.notifies(timeout=0.1))
            return any("last" in payload for payload in heard)

        await eventually(has_heard_of_the_last)
    assert 1 <= len(heard) <= 40, f"{len(heard)} messages for 201 enqueues"
    assert str(last) not in "".join(heard), "a message tells where, not what"


def test_nothing_but_a_statement_of_its_own_notifies() -> None:
    queries = Path(__file__).parents[2] / "sql"
    naming = {path.name for path in queries.rglob("*.sql") if "notify" in path.read_text().lower()}
    assert naming == {"notify.sql"}


async def test_a_message_that_is_not_understood_does_no_harm(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    here, there = [connect(await start_coordinator(poll_seconds=NO_POLL)) for _ in range(2)]
    await eventually(lambda: listeners(owner_url) == 2)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for payload in ("", "nonsense", "[]", "{}", '{"from": "x", "places": [[1]], "topics": 5}'):
            connection.execute("SELECT pg_notify('sluice', %s)", [payload])
    async with claim_stream(there) as stream:
        await stream.grant(1)
        await stream.ping()
        await enqueue(here, new_job())
        assert await complete(there, *leased(await stream.jobs())) == []


@pytest.mark.parametrize("listen", [True, False])
async def test_the_poll_is_slow_where_coordinators_listen_and_quick_where_they_do_not(
    start_coordinator: StartCoordinator, *, listen: bool
) -> None:
    coordinator = await start_coordinator(listen=listen, poll_seconds=None)
    assert coordinator.settings.effective_poll_seconds == (5.0 if listen else 1.0)
