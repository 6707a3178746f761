"""A coordinator's connection that stands still before every statement and every commit until it is told to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncCursor, errors
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow

from coordinator.database import Connection, Database, translated_errors


class SteppedConnection(Connection):
    """A coordinator's connection that takes a step only when it is told to."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.stands = False
        self.unseen: frozenset[bytes] = frozenset()
        # Every transaction is rolled back where it would be committed, as when its coordinator dies.
        self.undoes = False
        # Deadlocks, and locks not had in time.
        self.collisions: list[str] = []
        self.on_change: Callable[[], None] = lambda: None
        self._may_go_on = asyncio.Event()

    def go_on(self) -> None:
        """Lets it take its next step."""
        self.stands = False
        self._may_go_on.set()

    async def stand_still(self) -> None:
        """Waits until it is told to go on."""
        self._may_go_on.clear()
        self.stands = True
        self.on_change()
        await self._may_go_on.wait()

    async def execute(
        self, statement: Any, params: Any = None, *, prepare: bool | None = None, binary: bool = False
    ) -> AsyncCursor[DictRow]:
        """Runs a statement as a step; outside a transaction its commit is a step too."""
        if statement in self.unseen:
            return await super().execute(statement, params, prepare=prepare, binary=binary)
        await self.stand_still()
        try:
            if self.info.transaction_status is not TransactionStatus.IDLE:
                return await super().execute(statement, params, prepare=prepare, binary=binary)
            async with self.transaction(force_rollback=self.undoes):
                cursor = await super().execute(statement, params, prepare=prepare, binary=binary)
                await self.stand_still()
                return cursor
        except (errors.DeadlockDetected, errors.LockNotAvailable) as error:
            self.collisions.append(type(error).__name__)
            raise


class SteppedDatabase(Database):
    """What the store's verbs take for a pool: one connection, which steps."""

    def __init__(self, connection: SteppedConnection) -> None:
        self._connection = connection

    def undo(self) -> None:
        """Has every transaction rolled back from now on."""
        self._connection.undoes = True

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lends the connection."""
        with translated_errors():
            yield self._connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lends the connection inside a transaction, whose commit is a step."""
        undo = self._connection.undoes
        async with self.connection() as connection, connection.transaction(force_rollback=undo):
            yield connection
            await self._connection.stand_still()

    # One step after the other: the answers are read one by one as well.
    pipelined_transaction = transaction
