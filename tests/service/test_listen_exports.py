"""ExportListens over a real connection: it goes only as far as it is read, and ends when its reader leaves."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import grpc.aio
import psycopg
import pytest

from coordinator.store import listen_pages
from coordinator_client.listens import ListenClient
from protos.listens.v1.listen_service_pb2 import ExportListensRequest
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

PLAYS = 60_000

_STORE = """
    INSERT INTO listens (user_id, played_at, identity, cover, source, content_type, track_name, artist_name, ms_played)
    SELECT %s, timestamptz '2010-01-01 00:00+00' + n * interval '4 hours', md5(n::text)::uuid, md5(n::text)::uuid,
        'extended', 'music', repeat('A song with a long name ', 20), 'A band', n
    FROM generate_series(1, %s) AS n
"""


class Reads:
    """Counts what exports read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages = 0
        read = listen_pages.export_listens

        async def counted(*arguments: object) -> object:
            self.pages += 1
            return await read(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(listen_pages, "export_listens", counted)

    async def stand_still(self) -> bool:
        """Tells whether none was read for a while."""
        before = self.pages
        await asyncio.sleep(0.5)
        return before == self.pages


def store(owner_url: str) -> str:
    user = uuid4()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(_STORE, [user, PLAYS])
    return str(user)


async def test_a_whole_export_has_every_play_once_and_in_order(channel: grpc.aio.Channel, owner_url: str) -> None:
    exporting = ListenClient(channel).export_listens(ExportListensRequest(owner=store(owner_url)))
    times = [play.ms_played async for message in exporting for play in message.listens]
    assert times == list(range(1, PLAYS + 1))


async def test_an_export_waits_for_its_reader_and_ends_when_he_leaves(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch)
    user = store(owner_url)
    coordinator = await start_coordinator()
    exporting = ListenClient(connect(coordinator)).export_listens(ExportListensRequest(owner=user))
    await anext(exporting)
    await eventually(reads.stand_still, timeout=30)
    # What lies between is in the buffers of the connection: 4 MiB and what is being written.
    assert 1 < reads.pages < 20, "of thirty"
    with psycopg.connect(owner_url) as owner:
        row = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice_coordinator' "
            "AND datname = current_database() AND state LIKE 'idle in transaction%'"
        ).fetchone()
        assert row == (0,)
    await exporting.aclose()

    def handlers() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if "stream" in name.lower() and "handle" in name.lower()]

    await eventually(lambda: not handlers(), timeout=30)
    assert await reads.stand_still()
