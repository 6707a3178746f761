"""What every test may ask for: a real PostgreSQL, and for each test a fresh database with our schema."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from psycopg import sql

from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import connect_admin, ensure_database, give_login, with_database
from tests.matrix.pooler import is_wanted as pooler_is_wanted
from tests.matrix.pooler import pooled

# None of these changes what a statement or a transaction does; data is lost only when the machine crashes.
_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}

_MEMORY = Path("/dev/shm")
_GIB = 1024**3

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is room: a database is 300 files, 0.2 s on a disk and 0.01 s there."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4 * _GIB
    with tempfile.TemporaryDirectory(prefix="sluice-tests-", dir=_MEMORY if roomy else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(quick_folder: Path) -> Iterator[str]:
    """Runs a PostgreSQL for the whole session; its superuser's URL."""
    server = EmbeddedPostgres(quick_folder / "postgres", settings=_FAST)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template_database(postgres: str) -> str:
    """Makes a database with our schema and no rows, which can be cloned and not connected to; its name."""
    from coordinator.migrations import migrate  # noqa: PLC0415 - only tests that want a database need it

    name = "sluice_template"
    asyncio.run(migrate(ensure_database(postgres, name)))
    with connect_admin(postgres) as connection:
        connection.execute("ALTER DATABASE sluice_template ALLOW_CONNECTIONS false IS_TEMPLATE true")
    return name


@pytest.fixture(scope="session")
def coordinator_login(postgres: str, template_database: str) -> Iterator[str]:
    """Lets the role that the migrations made for the coordinator log in; its URL, or a pooler's where one is wanted."""
    url = give_login(postgres, "sluice_coordinator")
    with pooled(url) if pooler_is_wanted() else nullcontext(url) as login:
        yield login


@pytest.fixture
def database(postgres: str, template_database: str) -> Iterator[str]:
    """Clones the template for one test; the clone's name."""
    name = f"sluice_test_{next(_numbers)}"
    clone = "CREATE DATABASE {} TEMPLATE {}"
    with connect_admin(postgres) as connection:
        if connection.info.server_version >= 150000:  # before, this was the only way
            clone += " STRATEGY file_copy"
        connection.execute(sql.SQL(clone).format(sql.Identifier(name), sql.Identifier(template_database)))
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(coordinator_login: str, database: str) -> str:
    """The test's database, for the role that the coordinator has in production."""
    return with_database(coordinator_login, database)


@pytest.fixture
def owner_url(postgres: str, database: str) -> str:
    """The test's database, for the superuser, whom no policy and no grant holds back."""
    return with_database(postgres, database)
