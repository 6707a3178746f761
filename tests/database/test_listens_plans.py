"""The dashboard's numbers come from the index alone, of one person and one range, whatever the statistics say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from coordinator.database import Database
from coordinator.listen_domain import Bucket, ListenFilter, ListenPlace, TimeSpan, TopKind, TopOrder
from coordinator.store import listen_pages, listens
from tests.database.explained import Plan, explained
from tests.database.stored_plays import connect

PLAYS = 20_000
FIRST = datetime(2010, 1, 1, tzinfo=UTC)
# Four hours apart: nine years.
LAST = FIRST + timedelta(hours=4 * PLAYS)
MIDDLE = FIRST + (LAST - FIRST) / 2

_STORE = """
    INSERT INTO listens (
        user_id, played_at, identity, cover, source, content_type, track_name, artist_name, album_name, ms_played
    )
    SELECT %s, timestamptz '2010-01-01 00:00+00' + n * interval '4 hours', md5(n::text)::uuid, md5(n::text)::uuid,
        'extended', 'music', 'A song with a name ' || n %% 600, 'A band ' || n %% 60, 'An album ' || n %% 120, n
    FROM generate_series(1, %s) AS n
"""

Ask = Callable[[Database, ListenFilter], Awaitable[object]]

NUMBERS: dict[str, Ask] = {
    "get_overview": listens.get_overview,
    "list_top_artists": lambda database, wanted: _top(database, wanted, TopKind.ARTISTS),
    "list_top_tracks": lambda database, wanted: _top(database, wanted, TopKind.TRACKS),
    "list_top_albums": lambda database, wanted: _top(database, wanted, TopKind.ALBUMS),
    "get_listening_span": listens.find_span,
    "get_timeline": lambda database, wanted: listens.get_timeline(
        database, wanted, Bucket.MONTH, "Europe/Berlin", TimeSpan(FIRST, LAST), 1_000
    ),
    "get_listening_clock": lambda database, wanted: listens.get_listening_clock(database, wanted, "Europe/Berlin"),
    "get_discoveries": lambda database, wanted: listens.get_discoveries(
        database, wanted, Bucket.MONTH, "Europe/Berlin", 1_000
    ),
    "get_listening_sessions": listens.get_listening_sessions,
    "get_listening_habits": listens.get_listening_habits,
    "list_listens": lambda database, wanted: listen_pages.list_listens(database, wanted, None, 50),
    "export_listens": lambda database, wanted: listen_pages.export_listens(database, wanted, None, 50),
}
# How many rows may be looked up in the table itself: those that are shown.
LOOKED_UP = 50


async def _top(database: Database, wanted: ListenFilter, kind: TopKind) -> object:
    return await listens.list_top(database, wanted, kind, TopOrder.MS_PLAYED, None, LOOKED_UP)


def _fill(owner_url: str, statistics: str) -> UUID:
    user = uuid4()
    with connect(owner_url) as owner:
        for partition in range(8):
            owner.execute(f"ALTER TABLE sluice.listens_{partition} SET (autovacuum_enabled = false)".encode())
        if statistics == "of an empty table":
            owner.execute("VACUUM ANALYZE listens")
        owner.execute(_STORE, [user, PLAYS])
        if statistics != "none":
            owner.execute(_STORE, [uuid4(), 100])
        if statistics == "fresh":
            owner.execute("VACUUM ANALYZE listens")
    return user


def _rows(plan: Plan, kind: str) -> int:
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in plan.nodes()
        if node["Node Type"] == kind
    )


@pytest.mark.parametrize("statistics", ["none", "of an empty table", "fresh"])
async def test_every_number_comes_from_the_index_of_one_person(
    database_url: str, owner_url: str, statistics: str
) -> None:
    user = _fill(owner_url, statistics)
    async with explained(database_url, analyze=True) as database:
        for name, ask in NUMBERS.items():
            await ask(database, ListenFilter(user, min_ms=1, content_type="music"))
            plan = database.plan_of(name)
            scans = {node["Node Type"] for node in plan.nodes() if "Relation Name" in node}
            indexes = {node["Index Name"] for node in plan.nodes() if "Index Name" in node}
            assert scans <= {"Index Only Scan", "Index Scan"}, plan
            assert len(indexes) == 1, plan
            assert next(iter(indexes)).endswith("_pkey"), plan
            assert all("Index Cond" in node for node in plan.nodes() if "Index Name" in node), plan
            assert _rows(plan, "Index Scan") <= LOOKED_UP, plan
            assert _rows(plan, "Index Only Scan") <= PLAYS + 50, plan
            if statistics == "fresh" and name != "get_listening_sessions":  # which puts half hours in order
                assert "Sort" not in _takes_all(plan), plan


def _takes_all(plan: Plan) -> set[str]:
    """Returns the kinds of nodes that take in as many rows as there are plays."""
    return {
        node["Node Type"]
        for node in plan.nodes()
        for child in node.get("Plans", ())
        if child["Actual Rows"] * child["Actual Loops"] >= PLAYS / 2
    }


async def test_a_page_reads_no_more_than_it_shows(database_url: str, owner_url: str) -> None:
    user = _fill(owner_url, "fresh")
    async with explained(database_url, analyze=True) as database:
        found = await listen_pages.list_listens(database, ListenFilter(user), None, 50)
        assert len(found) == 50
        # From the middle too, with and without ends of the range.
        for wanted in (ListenFilter(user), ListenFilter(user, FIRST, LAST)):
            after = ListenPlace(MIDDLE, UUID(int=0), frozenset())
            assert len(await listen_pages.list_listens(database, wanted, after, 50)) == 50
            plays, key = await listen_pages.export_listens(database, wanted, (MIDDLE, UUID(int=0)), 50)
            assert (len(plays), key is None) == (49, False)
        pages = [plan for plan in database.plans if plan.name in {"list_listens", "export_listens"}]
        assert len(pages) == 5
        for plan in pages:
            assert plan.rows_read <= 110, plan
        # What is skipped within an index is told by nothing else: half of this one are a hundred pages.
        assert max(plan.buffers for plan in pages) - min(plan.buffers for plan in pages) < 60, pages


async def test_a_rare_content_is_found_without_reading_the_table(database_url: str, owner_url: str) -> None:
    user = _fill(owner_url, "fresh")
    async with explained(database_url, analyze=True) as database:
        assert await listen_pages.list_listens(database, ListenFilter(user, content_type="video"), None, 50) == []
        plan = database.plan_of("list_listens")
    assert _rows(plan, "Index Scan") == 0, plan
    assert _rows(plan, "Index Only Scan") == PLAYS, plan
