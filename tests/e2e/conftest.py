"""One running stack for all of these tests, a connection to its database, and new people to use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser
from psycopg.rows import dict_row

from export_formats.samples import sample_export
from stack.pages import build
from tests.e2e.browsing import chromium
from tests.e2e.person import Person, new_person
from tests.e2e.plain_sql import Connection
from tests.e2e.running_stack import RunningStack, running_stack


@pytest.fixture(scope="session")
def stack(quick_folder: Path) -> Iterator[RunningStack]:
    """A stack with two workers, which all tests share; its pages are those of the sources."""
    build()
    with running_stack(quick_folder / "stack", "--workers", "2") as running:
        yield running


@pytest.fixture(scope="session")
def sql(stack: RunningStack) -> Iterator[Connection]:
    """A connection by the URL of the ready line, each statement in a transaction of its own."""
    with psycopg.connect(stack.database, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def people(stack: RunningStack) -> Iterator[Callable[[], Person]]:
    """Signs in somebody new whenever called."""
    with ExitStack() as signed_in:
        yield lambda: signed_in.enter_context(new_person(stack.http))


@pytest.fixture
def person(people: Callable[[], Person]) -> Person:
    """Somebody new."""
    return people()


@pytest.fixture(scope="session", params=[1_500, pytest.param(60_000, marks=pytest.mark.long)])
def sample(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """The files of both exports of one invented person, by their names in the archive."""
    return sample_export(seed=7, plays=request.param)
