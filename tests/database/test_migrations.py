"""Migrations: there and back, repeated, at the same time, and refused where they would do harm."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from coordinator import migrations
from coordinator.migrations import MigrationError, load_migrations, migrate, pending_versions, roll_back
from stack.postgres_admin import connect_admin, ensure_database

_numbers = itertools.count(1)

CATALOG = """
    SELECT n.nspname, c.relname, c.relkind::text, c.relacl::text
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'sluice', 'auth')
    UNION ALL
    SELECT n.nspname, p.oid::regprocedure::text, 'function', p.proacl::text
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('public', 'sluice', 'auth')
    ORDER BY 1, 2, 3
"""


@pytest.fixture
def empty_url(postgres: str) -> Iterator[str]:
    name = f"sluice_empty_{next(_numbers)}"
    yield ensure_database(postgres, name)
    with connect_admin(postgres) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def catalog(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(CATALOG).fetchall()


def run(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


async def test_every_migration_goes_back_to_what_was_before(empty_url: str) -> None:
    before: list[list[tuple[object, ...]]] = []
    await migrate(empty_url, target=0)
    for migration in load_migrations():
        before.append(catalog(empty_url))
        assert await migrate(empty_url, target=migration.version) == [migration.version]
    full = catalog(empty_url)
    for migration in reversed(load_migrations()):
        assert await roll_back(empty_url, target=migration.version - 1) == [migration.version]
        assert catalog(empty_url) == before[migration.version - 1]
    await migrate(empty_url)
    assert catalog(empty_url) == full


async def test_a_second_run_changes_nothing(empty_url: str) -> None:
    applied = await migrate(empty_url)
    assert applied == [migration.version for migration in load_migrations()]
    assert await migrate(empty_url) == []
    assert await pending_versions(empty_url) == []


async def test_runs_at_the_same_time_apply_each_migration_once(empty_url: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    once = [migration.version for migration in load_migrations()]
    assert sorted(version for versions in applied for version in versions) == once


async def test_an_edited_migration_is_refused_by_name(empty_url: str) -> None:
    await migrate(empty_url)
    run(empty_url, "UPDATE sluice.schema_migrations SET checksum = 'other' WHERE version = 2")
    with pytest.raises(MigrationError, match=r"0002 \(create_jobs\) was edited"):
        await migrate(empty_url)


@pytest.mark.parametrize("table", ["upload_jobs", "file_processing_jobs", "listens"])
async def test_a_database_with_the_guides_tables_is_refused_in_a_sentence(empty_url: str, table: str) -> None:
    run(empty_url, f"CREATE TABLE public.{table} (id uuid)")
    before = catalog(empty_url)
    with pytest.raises(MigrationError, match=rf"\({table}\): use an empty database"):
        await migrate(empty_url)
    assert catalog(empty_url) == before


async def test_a_schema_auth_that_is_there_is_left_alone(empty_url: str) -> None:
    run(empty_url, "CREATE SCHEMA auth; CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'")
    await migrate(empty_url)
    await roll_back(empty_url, target=0)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT auth.uid()").fetchone() == (None,)


async def test_a_database_that_does_not_answer_is_told_in_a_sentence() -> None:
    with pytest.raises(MigrationError, match="does not answer"):
        await migrate("postgresql://nobody@127.0.0.1:1/nowhere")


def test_a_gap_or_a_missing_rollback_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_make_a.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"no 0001_make_a\.rollback\.sql"):
        load_migrations(tmp_path)
    (tmp_path / "0001_make_a.rollback.sql").write_text("SELECT 1")
    assert [migration.name for migration in load_migrations(tmp_path)] == ["make_a"]
    (tmp_path / "0003_make_c.sql").write_text("SELECT 1")
    (tmp_path / "0003_make_c.rollback.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="without a gap"):
        load_migrations(tmp_path)


def test_every_migration_says_whether_older_code_keeps_working() -> None:
    for migration in migrations.load_migrations():
        assert "older code" in migration.statements.splitlines()[0], migration.name
        assert "IF NOT EXISTS (" in migration.statements or "IF NOT EXISTS" not in migration.statements


@pytest.mark.parametrize("role", ["anon", "authenticated"])
async def test_clients_reach_no_engine_table(owner_url: str, role: str) -> None:
    with psycopg.connect(owner_url) as connection:
        tables = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c "
            "WHERE c.relnamespace = 'sluice'::regnamespace AND relkind IN ('r', 'p')"
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            allowed = connection.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", [role, table]).fetchone()
            assert allowed == (False,), table


async def test_a_person_reads_only_their_own_rows(owner_url: str) -> None:
    mine, theirs = "11111111-1111-7111-8111-111111111111", "22222222-2222-7222-8222-222222222222"
    with psycopg.connect(owner_url) as connection:
        for user in (mine, theirs):
            connection.execute(
                "INSERT INTO public.upload_jobs (id, user_id, filename) VALUES (gen_random_uuid(), %s, 'f')", [user]
            )
        connection.execute("SET LOCAL ROLE authenticated")
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{mine}"}}'])
        assert connection.execute("SELECT user_id::text FROM public.upload_jobs").fetchall() == [(mine,)]
