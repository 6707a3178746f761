"""The coordinator's store over a fresh database."""

from collections.abc import AsyncIterator

import pytest

from tests.database.stores import Clock, Store, new_database


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """The store's verbs, logged in as the coordinator's role."""
    database = new_database(database_url)
    await database.open()
    yield Store(database)
    await database.close()


@pytest.fixture
def clock(owner_url: str) -> Clock:
    """The database's time, which stands still until it is pushed."""
    return Clock(owner_url)
