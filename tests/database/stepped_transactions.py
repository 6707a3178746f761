"""Several transactions at once, one step at a time, in every order that their steps can have.

Each part of a scene is a verb of the store over a connection of its own, which takes a step when it is told to. Whether
one waits for a lock PostgreSQL says, not the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import groupby

from psycopg.rows import dict_row

from coordinator.database import Connection, Database
from coordinator.errors import SluiceError
from coordinator.queries import query
from tests.database.stepped_connection import SteppedConnection, SteppedDatabase
from tests.matrix.pooler import is_wanted as pooler_is_wanted

# No steps, but carried out with the one before: no other part can see, hold or change what they read and write.
_UNSEEN = (
    "analyze_staged_listens",
    "bound_commit",
    "insert_audit",
    "insert_extended_listens",
    "plan_for_merge",
    "record_outcome",
    "register_queues",
    "stage_listens",
    "supersede_listens",
)
# A statement that takes longer may be waiting for a lock.
_LOOK_SECONDS = 0.004

Part = Callable[[Database], Awaitable[object]]
Scene = Callable[[], Awaitable[Sequence[Part]]]


@dataclass(frozen=True, slots=True)
class Performance:
    """A scene as it was played in one order."""

    # Whose step each was.
    order: tuple[int, ...]
    # Among how many parts that could go on each was chosen, and which of them.
    choices: tuple[tuple[int, int], ...]
    # What each part returned, or the name of the domain error that it raised.
    results: tuple[object, ...]
    collisions: tuple[str, ...]
    # Who had to wait for a lock at some time.
    waited: frozenset[int]

    @property
    def is_serial(self) -> bool:
        """Whether each part ran from its beginning to its end without another in between."""
        return len(list(groupby(self.order))) == len(self.results)


class Stage:
    """Plays scenes over one database, in every order."""

    def __init__(self, owner: Connection, connections: Sequence[SteppedConnection]) -> None:
        self._owner = owner
        self._connections = connections
        self._changed = asyncio.Event()
        # The parts that waited for locks when PostgreSQL was asked last.
        self._locked_out: set[int] = set()
        self._waited: set[int] = set()
        for connection in connections:
            connection.on_change = self._changed.set

    async def every_order(self, scene: Scene, unseen: Sequence[str] = ()) -> AsyncIterator[Performance]:
        """Plays the scene, which is set anew each time, in one order after the other until there is no other.

        `unseen` names further statements that are no steps in this scene.
        """
        for connection in self._connections:
            connection.unseen = frozenset(query(name) for name in (*_UNSEEN, *unseen))
        choices: list[int] = []
        while True:
            played = await self._play(await scene(), choices)
            yield played
            taken = list(played.choices)
            while taken and taken[-1][1] + 1 == taken[-1][0]:
                taken.pop()
            if not taken:
                return
            choices = [chosen for _, chosen in taken]
            choices[-1] += 1

    async def _play(self, parts: Sequence[Part], choices: Sequence[int]) -> Performance:
        """Begins with these choices; after them the first part that can go on always does."""
        cast = self._connections[: len(parts)]
        tasks = [
            asyncio.create_task(_carry_out(part, connection)) for part, connection in zip(parts, cast, strict=True)
        ]
        for task in tasks:
            task.add_done_callback(lambda _: self._changed.set())
        self._waited.clear()
        order: list[int] = []
        taken: list[tuple[int, int]] = []
        while ready := await self._ready(tasks):
            chosen = choices[len(order)] if len(order) < len(choices) else 0
            chosen = min(chosen, len(ready) - 1)
            taken.append((len(ready), chosen))
            order.append(ready[chosen])
            cast[ready[chosen]].go_on()
        results = tuple([await task for task in tasks])
        collisions = tuple(collision for connection in cast for collision in connection.collisions)
        return Performance(tuple(order), tuple(taken), results, collisions, frozenset(self._waited))

    async def _ready(self, tasks: Sequence[asyncio.Task[object]]) -> list[int]:
        """Waits until each part stands still, has ended or waits for a lock; returns those that can go on."""
        while True:
            open_parts = [number for number, task in enumerate(tasks) if not task.done()]
            ready = [number for number in open_parts if self._connections[number].stands]
            moving = {number for number in open_parts if number not in ready}
            if not moving:
                return ready
            if moving <= self._locked_out or not await self._change():
                self._locked_out = await self._waiting_for_locks(moving)
                self._waited |= self._locked_out
                # Where all wait for each other PostgreSQL ends it: that is a deadlock.
                if ready and moving <= self._locked_out:
                    return ready

    async def _change(self) -> bool:
        """Waits a moment for a part to stand still or to end."""
        self._changed.clear()
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                return await self._changed.wait()
        except TimeoutError:
            return False

    async def _waiting_for_locks(self, parts: Iterable[int]) -> set[int]:
        names = {_name(part): part for part in parts}
        cursor = await self._owner.execute(
            "SELECT application_name AS name FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = ANY (%s) AND pg_blocking_pids(pid) <> '{}'",
            [list(names)],
        )
        return {names[row["name"]] for row in await cursor.fetchall()}


def undone(part: Part) -> Part:
    """Has the part's transactions rolled back where they would be committed."""

    async def undoing(database: Database) -> object:
        assert isinstance(database, SteppedDatabase)
        database.undo()
        return await part(database)

    return undoing


async def _carry_out(part: Part, connection: SteppedConnection) -> object:
    connection.collisions.clear()
    connection.undoes = False
    try:
        return await part(SteppedDatabase(connection))
    except SluiceError as error:
        return type(error).__name__


def _name(part: int) -> str:
    return f"part {part}"


@asynccontextmanager
async def open_stage(database_url: str, owner_url: str, *, parts: int = 3) -> AsyncIterator[Stage]:
    """Connects for so many parts at most, each as the coordinator does, and for the one who watches."""
    async with AsyncExitStack() as stack:
        connections = [
            await SteppedConnection.connect(
                database_url,
                autocommit=True,
                row_factory=dict_row,
                application_name=_name(part),
                prepare_threshold=None if pooler_is_wanted() else 5,
            )
            for part in range(parts)
        ]
        for connection in connections:
            stack.push_async_callback(connection.close)
        owner = await Connection.connect(owner_url, autocommit=True, row_factory=dict_row)
        stack.push_async_callback(owner.close)
        yield Stage(owner, connections)
