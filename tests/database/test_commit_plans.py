"""The merge is hashed, whatever the statistics say: a loop over a hundred thousand rows takes minutes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.queries import query
from coordinator.services.file_commits import CommitLimits
from tests.database.listen_calls import listening
from tests.database.play_messages import NOON, Play, account, extended
from tests.database.stored_plays import connect

_ROWS = 5_000
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_LAST = _FIRST + timedelta(minutes=_ROWS)

_INSERT = """
    INSERT INTO {} (played_at, identity, cover, ms_played, content_type, track_name, artist_name {})
    SELECT timestamptz '2024-01-01 00:00+00' + n * interval '1 minute', md5(n::text)::uuid, md5(n::text)::uuid, n,
        'music', 'Song ' || n, 'Band' {}
    FROM generate_series(1, %(rows)s) AS n
"""


def _store_plays(owner: Connection[TupleRow], user_id: UUID) -> None:
    owner.execute(
        _INSERT.format("listens", ", user_id, source", ", %(user)s::uuid, 'account'"),
        {"rows": _ROWS, "user": user_id},
    )


@contextmanager
def _merging(database_url: str) -> Iterator[Connection[TupleRow]]:
    """Stages rows in a transaction of the coordinator's role, up to the point where the merge begins."""
    with psycopg.connect(database_url) as connection:
        connection.execute(query("bound_commit"), {"statement_ms": "60000", "lock_ms": "1000"})
        connection.execute(query("stage_listens"))
        connection.execute(_INSERT.format("staged_listens", "", ""), {"rows": _ROWS})
        connection.execute(query("analyze_staged_listens"))
        connection.execute(query("plan_for_merge"), {"merging": "on"})
        yield connection
        connection.rollback()


def _plan(connection: Connection[TupleRow], name: str, user_id: UUID) -> str:
    parameters = {
        "user_id": user_id,
        "first": _FIRST,
        "last": _LAST,
        "first_minute": _FIRST,
        "after_last_minute": _LAST + timedelta(minutes=1),
    }
    rows = connection.execute(b"EXPLAIN " + query(name), parameters, prepare=False).fetchall()
    return "\n".join(str(row[0]) for row in rows)


@pytest.mark.parametrize("statistics", ["never analysed", "analysed while empty", "of others", "fresh"])
@pytest.mark.parametrize("name", ["supersede_listens", "insert_extended_listens", "insert_account_listens"])
def test_the_merge_never_loops(database_url: str, owner_url: str, name: str, statistics: str) -> None:
    user = uuid4()
    with connect(owner_url) as owner:
        for partition in range(8):
            owner.execute(f"ALTER TABLE sluice.listens_{partition} SET (autovacuum_enabled = false)".encode())
        if statistics == "analysed while empty":
            owner.execute("ANALYZE listens")
        if statistics == "of others":
            for _ in range(20):
                _store_plays(owner, uuid4())
            owner.execute("ANALYZE listens")
        _store_plays(owner, user)
        if statistics == "fresh":
            owner.execute("ANALYZE listens")
        with _merging(database_url) as connection:
            plan = _plan(connection, name, user)
    assert "Nested Loop" not in plan, plan
    assert "staged_listens" in plan


def test_after_the_merge_the_plans_of_the_queue_are_held_again(database_url: str) -> None:
    with _merging(database_url) as connection:
        connection.execute(query("plan_for_merge"), {"merging": "off"})
        settings = connection.execute(
            """
            SELECT current_setting('enable_hashjoin'), current_setting('enable_mergejoin'),
                current_setting('enable_seqscan'), current_setting('enable_nestloop')
            """
        ).fetchone()
    assert settings == ("off", "off", "off", "on")


async def test_a_large_file_is_merged_with_these_plans(database_url: str, owner_url: str) -> None:
    plays = [Play(f"Song {number % 500}", second=NOON + 60 * number) for number in range(20_000)]
    user = uuid4()
    # As a loop, two hundred million comparisons.
    async with listening(database_url, limits=CommitLimits(statement_seconds=5)) as listener:
        with connect(owner_url) as owner:
            assert (await listener.commit_new(owner, user, extended(*plays))).inserted == 20_000
            assert (await listener.commit_new(owner, user, account(*plays))).duplicate == 20_000
