"""Brings a database to the schema of sql/migrations, and back. Runs as the schema's owner."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, tuple_row
from psycopg.sql import SQL, Literal

# Any number: it names the lock that keeps two migrations of one database apart.
_LOCK = 7_305_411_903

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

# The guide's own tables: a database that has them is taken over by a command of its own, never silently.
_GUIDE_TABLES = ("upload_jobs", "file_processing_jobs", "listens")


class MigrationError(Exception):
    """The database cannot be migrated; the message says why and what to do."""


@dataclass(frozen=True, slots=False)
class Migration:
    """One step of the schema with its way back."""

    version: int
    name: str
    statements: str
    rollback: str

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the statements, in hex: an applied migration is never edited."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def load_migrations(folder: Traversable | None = None) -> list[Migration]:
    """Reads every migration in order of version. Raises MigrationError for a gap, a twin or a missing rollback."""
    folder = folder or files("sql") / "migrations"
    found = [match for entry in folder.iterdir() if (match := _NAME.fullmatch(entry.name))]
    migrations = [
        Migration(int(match[1]), match[2], (folder / match[0]).read_text(), _read_rollback(folder, match))
        for match in sorted(found, key=lambda match: match[0])
    ]
    if [migration.version for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationError("The migrations are not numbered 0001, 0002, … without a gap or a twin.")
    return migrations


def _read_rollback(folder: Traversable, match: re.Match[str]) -> str:
    rollback = folder / f"{match[1]}_{match[2]}.rollback.sql"
    if not rollback.is_file():
        raise MigrationError(f"{match[0]} has no {rollback.name} beside it.")
    return rollback.read_text()


async def migrate(database_url: str, *, target: int | None = None) -> list[int]:
    """Applies what is missing up to `target` (all), each migration in a transaction; returns the versions applied.

    Raises MigrationError where the database holds the guide's own tables, or a migration that was edited since.
    """
    wanted = [migration for migration in load_migrations() if target is None or migration.version <= target]
    async with await _connect(database_url) as connection:
        await _prepare(connection)
        return [migration.version for migration in wanted if await _apply(connection, migration)]


async def roll_back(database_url: str, *, target: int) -> list[int]:
    """Takes back every migration above `target`, newest first; returns the versions taken back."""
    migrations = reversed([migration for migration in load_migrations() if migration.version > target])
    async with await _connect(database_url) as connection:
        await _prepare(connection)
        return [migration.version for migration in migrations if await _take_back(connection, migration)]


async def pending_versions(database_url: str) -> list[int]:
    """Returns the versions that are not applied yet."""
    async with await _connect(database_url) as connection:
        cursor = await connection.execute("SELECT to_regclass('sluice.schema_migrations') IS NOT NULL")
        row = await cursor.fetchone()
        applied = await _applied(connection) if row and row[0] else {}
        return [migration.version for migration in load_migrations() if migration.version not in applied]


async def allow_login(database_url: str, password: str) -> None:
    """Lets the coordinator's role log in with a password."""
    statement = SQL("ALTER ROLE sluice_coordinator LOGIN PASSWORD {}").format(Literal(password))
    async with await _connect(database_url) as connection:
        await connection.execute(statement)


async def _connect(database_url: str) -> AsyncConnection[TupleRow]:
    try:
        return await AsyncConnection.connect(database_url, autocommit=True, row_factory=tuple_row)
    except psycopg.OperationalError as error:
        raise MigrationError(f"The database does not answer: {error}") from error


async def _prepare(connection: AsyncConnection[TupleRow]) -> None:
    async with connection.transaction():
        await _lock(connection)
        cursor = await connection.execute("SELECT to_regclass('sluice.schema_migrations') IS NULL")
        row = await cursor.fetchone()
        if row and row[0]:
            await _refuse_guide_tables(connection)
            await connection.execute(_BOOTSTRAP)


async def _refuse_guide_tables(connection: AsyncConnection[TupleRow]) -> None:
    cursor = await connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass('public.' || name) IS NOT NULL",
        [list(_GUIDE_TABLES)],
    )
    if names := [str(row[0]) for row in await cursor.fetchall()]:
        raise MigrationError(
            f"This database has tables of an earlier system that Sluice would stand beside ({', '.join(names)}): "
            "use an empty database, or rename them first."
        )


async def _lock(connection: AsyncConnection[TupleRow]) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


async def _applied(connection: AsyncConnection[TupleRow]) -> dict[int, str]:
    cursor = await connection.execute("SELECT version, checksum FROM sluice.schema_migrations")
    return dict(await cursor.fetchall())


async def _apply(connection: AsyncConnection[TupleRow], migration: Migration) -> bool:
    async with connection.transaction():
        await _lock(connection)
        checksum = (await _applied(connection)).get(migration.version)
        if checksum is None:
            await connection.execute(migration.statements.encode())
            await connection.execute(
                "INSERT INTO sluice.schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.checksum],
            )
        elif checksum != migration.checksum:
            raise MigrationError(
                f"Migration {migration.version:04} ({migration.name}) was edited after it was applied: "
                "put its old text back and say the change in a new migration."
            )
        return checksum is None


async def _take_back(connection: AsyncConnection[TupleRow], migration: Migration) -> bool:
    async with connection.transaction():
        await _lock(connection)
        if migration.version not in await _applied(connection):
            return False
        await connection.execute(migration.rollback.encode())
        await connection.execute("DELETE FROM sluice.schema_migrations WHERE version = %s", [migration.version])
        return True


_BOOTSTRAP = """
CREATE SCHEMA sluice;
CREATE TABLE sluice.schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
REVOKE ALL ON SCHEMA sluice FROM PUBLIC;
REVOKE ALL ON sluice.schema_migrations FROM PUBLIC;
"""
