"""Scenes for stepped transactions: what is there before the parts begin, the parts, and how it may end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from coordinator.domain import ClaimedJob
from coordinator.store.sessions import SessionKey
from tests.database.stepped_transactions import Part, Performance, Scene, Stage, open_stage
from tests.database.stores import Store, new_database

_WIPE = """
    DELETE FROM sluice.jobs;
    DELETE FROM sluice.job_history;
    DELETE FROM sluice.lanes;
    DELETE FROM sluice.worker_sessions;
    DELETE FROM sluice.lease_notices;
    DELETE FROM sluice.enqueue_keys;
    DELETE FROM sluice.audit_log;
    DELETE FROM public.listens;
    DELETE FROM public.upload_jobs;
"""
_JOBS = """
    SELECT j.id, j.state, j.attempt, coalesce(jsonb_array_length(j.errors), 0)
    FROM sluice.jobs AS j
    UNION ALL
    SELECT h.id, h.state, h.attempt, coalesce(jsonb_array_length(h.errors), 0)
    FROM sluice.job_history AS h
    ORDER BY 1
"""
_FORGOTTEN = """
    SELECT j.id
    FROM sluice.jobs AS j
    LEFT JOIN sluice.worker_sessions AS s ON s.id = j.session_id
    WHERE j.state = 'processing' AND (s.id IS NULL OR s.settled)
"""


class Standing(NamedTuple):
    """Where a job stands in the end."""

    state: str
    attempt: int = 0
    errors: int = 0


class Ending(NamedTuple):
    """How a scene ended: what each part was told, jobs named by their place, and where all jobs stand."""

    results: tuple[object, ...]
    jobs: tuple[Standing, ...]


class Theatre:
    """One database on whose stage a scene is played in every order, and what scenes are made of."""

    def __init__(self, stage: Stage, store: Store, owner: psycopg.Connection[TupleRow]) -> None:
        self._stage = stage
        self.store = store
        self.owner = owner

    async def plays(self, scene: Scene, unseen: Sequence[str] = ()) -> AsyncIterator[tuple[Performance, Ending]]:
        """Plays the scene in every order; gives each with its ending."""
        async for played in self._stage.every_order(lambda: self._set(scene), unseen):
            yield played, self._look(played)

    async def endings(
        self,
        scene: Scene,
        unseen: Sequence[str] = (),
        *,
        impatient: Collection[int] = (),
        refused: Collection[Ending] = (),
        may_give_way: bool = False,
    ) -> set[Ending]:
        """Returns how the scene ends where nothing overlaps; fails where it ends otherwise in another order.

        The `impatient` parts never wait for a lock. `refused` are endings that may come as well, in which a part was
        told to try again. `may_give_way`: a part may leave it where it does not have a lock in time.
        """
        serial: set[Ending] = set()
        mixed: dict[Ending, Performance] = {}
        async for played, ending in self.plays(scene, unseen):
            assert may_give_way or not played.collisions, played
            assert played.waited.isdisjoint(impatient), played
            if played.is_serial:
                serial.add(ending)
            else:
                mixed[ending] = played
        surprising = {ending: played for ending, played in mixed.items() if ending not in {*serial, *refused}}
        assert not surprising, f"never so where one waits for the other: {surprising}"
        return serial

    async def _set(self, scene: Scene) -> Sequence[Part]:
        self.owner.execute(_WIPE)
        return await scene()

    def _look(self, played: Performance) -> Ending:
        jobs = self._jobs()
        forgotten = self.owner.execute(_FORGOTTEN).fetchall()
        assert not forgotten, f"held by nobody whom the reaper looks at: {played}"
        places = {job_id: place for place, job_id in enumerate(jobs)}
        return Ending(tuple(_named(result, places) for result in played.results), tuple(jobs.values()))

    def standing(self) -> tuple[Standing, ...]:
        """Returns where all jobs stand now, in the order of their making."""
        return tuple(self._jobs().values())

    def _jobs(self) -> dict[object, Standing]:
        rows = self.owner.execute(_JOBS).fetchall()
        jobs: dict[object, Standing] = {job_id: Standing(*where) for job_id, *where in rows}
        assert len(jobs) == len(rows), f"a job stands twice: {rows}"
        return jobs

    async def held(self, number: int = 1, *, dead: bool = False, **fields: Any) -> tuple[list[ClaimedJob], SessionKey]:
        """Has a worker claim new jobs; a dead one has fallen silent since for longer than its lease."""
        await self.store.enqueue(number, **fields)
        key = await self.store.open_session()
        claimed = await self.store.claim(key, number)
        if dead:
            self.let_expire(key.id)
        return claimed, key

    def let_expire(self, session_id: object) -> None:
        """Has the session's time be over."""
        self.owner.execute(
            "UPDATE sluice.worker_sessions SET expires_at = now() - interval '1 s' WHERE id = %s", [session_id]
        )

    def session_of(self, job_id: UUID) -> object:
        """Returns the session that holds the job."""
        row = self.owner.execute("SELECT session_id FROM sluice.jobs WHERE id = %s", [job_id]).fetchone()
        assert row
        return row[0]


def _named(result: object, places: dict[object, int]) -> object:
    """Puts places for ids, which are new each time; a job that is not there has none."""
    if isinstance(result, tuple):
        return tuple(_named(one, places) for one in result)
    return places.get(result, "nowhere") if isinstance(result, UUID) else result


@asynccontextmanager
async def open_theatre(database_url: str, owner_url: str) -> AsyncIterator[Theatre]:
    """Opens a stage, and a store of its own to set scenes with."""
    database = new_database(database_url, max_connections=2)
    await database.open()
    try:
        async with open_stage(database_url, owner_url) as stage:
            with psycopg.connect(owner_url, autocommit=True) as owner:
                owner.execute("INSERT INTO sluice.queues (name) VALUES ('q')")
                yield Theatre(stage, Store(database), owner)
    finally:
        await database.close()
