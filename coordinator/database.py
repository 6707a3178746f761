"""The connection pool, and the seam where the driver's errors become the domain's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from coordinator.errors import Busy, SluiceError, StoreUnavailable
from coordinator.queries import query

Parameters = Mapping[str, object]

T = TypeVar("T")

LOCK_RETRY_SECONDS = 1.0
# The pool doubles its pause from attempt to attempt until then; longer, and it would stay away as long again as the
# database did.
RECONNECT_SECONDS = 3.0
DEADLOCK_TRIES = 3
STORE_RETRY_SECONDS = 1.0

# A server that is gone without a word is noticed within seconds, where the kernel would wait for minutes.
_GIVE_UP: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# What passes by itself: the server is away, restarting or out of room, or cut a statement off for taking too long.
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.IdleInTransactionSessionTimeout,
    PoolTimeout,
)

_NO_SCHEMA = (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedFunction)


class Connection(AsyncConnection[DictRow]):
    """A connection that remembers what some of its statements did, until that is durable."""

    witnessed: frozenset[str] = frozenset()
    seen: tuple[tuple[str, Parameters, Sequence[DictRow]], ...] = ()


class Witness(Protocol):
    """Is told what some statements did, once it is durable; never of what was rolled back."""

    statements: frozenset[str]

    def saw(self, statement: str, parameters: Parameters, rows: Sequence[DictRow]) -> None:
        """Takes in what a statement was given and what it gave."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns driver errors that pass by themselves into domain errors; what is left is a bug and stays as it is."""
    try:
        yield
    except SluiceError:
        raise
    except errors.LockNotAvailable as error:
        raise Busy(
            "Something that this would meet is under way for long; try again.", retry_after_seconds=LOCK_RETRY_SECONDS
        ) from error
    except _NO_SCHEMA as error:
        raise StoreUnavailable(
            "The database does not have the schema that this version needs: run `python -m coordinator migrate`.",
            retry_after_seconds=STORE_RETRY_SECONDS,
        ) from error
    except _PASSING as error:
        raise StoreUnavailable(
            "The database cannot be reached or did not answer in time; try again.",
            retry_after_seconds=STORE_RETRY_SECONDS,
        ) from error


class Database:
    """A pool of connections. Nothing here waits for anybody but PostgreSQL while it holds one."""

    def __init__(
        self,
        url: str,
        *,
        max_connections: int,
        timeout_seconds: float,
        prepare_statements: bool = True,
        witness: Witness | None = None,
    ) -> None:
        """Makes a closed pool. Behind a transaction pooler that forgets them, `prepare_statements` is False."""
        self._timeout_seconds = timeout_seconds
        self._witness = witness
        self._pool = AsyncConnectionPool[Connection](
            url,
            min_size=min(2, max_connections),
            max_size=max_connections,
            timeout=timeout_seconds,
            open=False,
            connection_class=Connection,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": 5 if prepare_statements else None,
                "application_name": "sluice_coordinator",
                **_GIVE_UP,
            },
            name="coordinator",
        )

    async def open(self) -> None:
        """Connects. Raises StoreUnavailable where the database does not answer in time."""
        try:
            await self._pool.open(wait=True, timeout=self._timeout_seconds)
        except PoolTimeout as error:
            await self._pool.close()
            raise StoreUnavailable(
                f"The database does not answer: check that it runs and that DATABASE_URL is right ({error}).",
                retry_after_seconds=STORE_RETRY_SECONDS,
            ) from error

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lends an autocommitting connection. Driver errors leave as domain errors."""
        with translated_errors():
            async with self._pool.connection() as connection:
                connection.witnessed = self._witness.statements if self._witness else frozenset()
                connection.seen = ()
                try:
                    yield connection
                finally:
                    self._tell_witness(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lends a connection inside a transaction, committed at the end, rolled back by any error."""
        async with self.connection() as connection, _forgotten_if_rolled_back(connection), connection.transaction():
            yield connection

    def _tell_witness(self, connection: Connection) -> None:
        if self._witness is not None:
            for statement, parameters, rows in connection.seen:
                self._witness.saw(statement, parameters, rows)

    @asynccontextmanager
    async def pipelined_transaction(self) -> AsyncIterator[Connection]:
        """Lends a connection inside a transaction that sends statements before the answers to those before are read.

        What is not fetched costs no round trip of its own. No COPY in it.
        """
        async with (
            self.connection() as connection,
            _forgotten_if_rolled_back(connection),
            connection.pipeline(),
            connection.transaction(),
        ):
            yield connection

    async def fetch_all(self, name: str, parameters: Parameters | None = None) -> list[DictRow]:
        """Runs the named statement on its own and returns its rows."""
        async with self.connection() as connection:
            return await fetch_all(connection, name, parameters)

    async def fetch_one(self, name: str, parameters: Parameters | None = None) -> DictRow | None:
        """Runs the named statement on its own and returns its first row, if any."""
        async with self.connection() as connection:
            return await fetch_one(connection, name, parameters)

    async def execute(self, name: str, parameters: Parameters | None = None) -> int:
        """Runs the named statement on its own and returns how many rows it changed."""
        async with self.connection() as connection:
            return await execute(connection, name, parameters)


@asynccontextmanager
async def _forgotten_if_rolled_back(connection: Connection) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        connection.seen = ()
        raise


def was_deadlock(error: StoreUnavailable) -> bool:
    """Tells whether PostgreSQL ended a transaction because it and others waited for each other in a circle."""
    return isinstance(error.__cause__, errors.DeadlockDetected)


async def after_deadlocks(carry_out: Callable[[], Awaitable[T]]) -> T:
    """Carries a transaction out, and again where PostgreSQL ended it because others waited for it in a circle."""
    for _ in range(DEADLOCK_TRIES - 1):
        try:
            return await carry_out()
        except StoreUnavailable as error:
            if not was_deadlock(error):
                raise
    return await carry_out()


async def connect_alone(url: str) -> Connection:
    """Opens an autocommitting connection outside any pool; the caller closes it. Raises the driver's errors."""
    return await Connection.connect(
        url, autocommit=True, row_factory=dict_row, application_name="sluice_coordinator_listen", **_GIVE_UP
    )


async def fetch_all(connection: Connection, name: str, parameters: Parameters | None = None) -> list[DictRow]:
    """Runs the named statement and returns its rows."""
    cursor = await connection.execute(query(name), parameters, binary=True)
    rows = await cursor.fetchall()
    if name in connection.witnessed:
        connection.seen += ((name, parameters or {}, rows),)
    return rows


async def fetch_one(connection: Connection, name: str, parameters: Parameters | None = None) -> DictRow | None:
    """Runs the named statement and returns its first row, if any."""
    cursor = await connection.execute(query(name), parameters, binary=True)
    return await cursor.fetchone()


async def send(
    connection: Connection, name: str, parameters: Parameters | None = None
) -> Callable[[], Awaitable[list[DictRow]]]:
    """Sends the named statement; returns what gives its rows. In a pipeline they come with those of a later one."""
    cursor = await connection.execute(query(name), parameters, binary=True)
    return cursor.fetchall


async def execute(connection: Connection, name: str, parameters: Parameters | None = None) -> int:
    """Runs the named statement and returns how many rows it changed."""
    cursor = await connection.execute(query(name), parameters, binary=True)
    return cursor.rowcount
