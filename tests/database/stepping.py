"""Transactions stepped statement by statement, in every order in which they can meet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.rows import DictRow, dict_row

from coordinator.database import Connection
from coordinator.errors import SluiceError

Step = Callable[[Connection], Awaitable[object]]

# What may come of a step besides its answer: it gave way, and its transaction changed nothing.
_GIVING_WAY = (SluiceError, errors.LockNotAvailable, errors.UniqueViolation)
STEP_SECONDS = 10.0


@dataclass(slots=True)
class Stepped:
    """One transaction: its steps, the end of which is a commit, and what each of them answered."""

    steps: Sequence[Step]
    ends_well: bool = True
    answers: list[Any] = field(default_factory=list)
    # What made it give way, where something did.
    gave_way: Exception | None = None

    @property
    def answer(self) -> Any:
        """What its last step answered; None where it gave way."""
        return None if self.gave_way else self.answers[-1]


def orders(*lengths: int) -> Iterator[tuple[int, ...]]:
    """Yields every order of the steps of so many transactions, as the numbers of those whose turn it is."""
    if not any(lengths):
        yield ()
        return
    for number, length in enumerate(lengths):
        if length:
            rest = [left - (place == number) for place, left in enumerate(lengths)]
            for order in orders(*rest):
                yield (number, *order)


class Stage:
    """Connections as the coordinator's role, one a transaction, and one that sees who waits for whom."""

    def __init__(self, connections: Sequence[Connection], watcher: Connection) -> None:
        self._connections = connections
        self._watcher = watcher

    @classmethod
    async def set_up(cls, url: str, number: int) -> Stage:
        """Opens the connections."""
        opened = [await _connect(url, autocommit=one == number) for one in range(number + 1)]
        return cls(opened[:-1], opened[-1])

    async def close(self) -> None:
        """Closes them."""
        for connection in (*self._connections, self._watcher):
            await connection.close()

    async def play(self, order: Sequence[int], *transactions: Stepped) -> None:
        """Lets the transactions take their steps in this order; one that waits for a lock goes on when it can.

        A deadlock is a failure, and so is a wait that does not end.
        """
        turns = [asyncio.Semaphore(0) for _ in transactions]
        busy = [0 for _ in transactions]
        actors = [
            asyncio.create_task(_act(self._connections[number], one, turns[number], busy, number))
            for number, one in enumerate(transactions)
        ]
        async with asyncio.timeout(STEP_SECONDS):
            for number in order:
                busy[number] += 1
                turns[number].release()
                await self._settled(busy, actors)
            await asyncio.gather(*actors)

    async def _settled(self, busy: Sequence[int], actors: Sequence[asyncio.Task[None]]) -> None:
        """Waits until each transaction has taken its steps, has ended, or waits for another one."""
        while True:
            working = [number for number, left in enumerate(busy) if left and not actors[number].done()]
            if not working or await self._all_wait(working):
                return
            await asyncio.wait([actors[number] for number in working], timeout=0.002)

    async def _all_wait(self, numbers: Sequence[int]) -> bool:
        pids = [self._connections[number].info.backend_pid for number in numbers]
        cursor = await self._watcher.execute(
            "SELECT bool_and(cardinality(pg_blocking_pids(pid)) > 0) AS wait FROM unnest(%s::integer[]) AS p (pid)",
            [pids],
        )
        row = await cursor.fetchone()
        return row is not None and bool(row["wait"])


async def _act(
    connection: Connection, transaction: Stepped, turn: asyncio.Semaphore, busy: list[int], number: int
) -> None:
    try:
        for step in transaction.steps:
            await turn.acquire()
            transaction.answers.append(await step(connection))
            busy[number] -= 1
        await turn.acquire()
        await (connection.commit() if transaction.ends_well else connection.rollback())
    except _GIVING_WAY as error:
        transaction.gave_way = error
        await connection.rollback()
    finally:
        busy[number] = 0


async def _connect(url: str, *, autocommit: bool) -> Connection:
    connection: Connection = await AsyncConnection[DictRow].connect(
        url, autocommit=autocommit, row_factory=dict_row, prepare_threshold=None
    )
    return connection
