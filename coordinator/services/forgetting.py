"""DeleteUserData: a person is forgotten in rounds, until there was a moment at which nothing was there of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.commit_gate import CommitGate
from coordinator.database import Database
from coordinator.errors import Busy
from coordinator.store import forgetting
from coordinator.store.auditing import Act
from coordinator.store.commits import CommitBounds
from coordinator.wakeups import LEASES_TOPIC, upload_topic


@dataclass(frozen=True, slots=True)
class ForgettingLimits:
    """How long each step may take, how many plays one removes, and how often what came in beside it is looked for."""

    plays: int = 50_000
    rounds: int = 5
    # For a lock that another has, with a connection in hand.
    lock_seconds: float = 2.0
    statement_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Removed:
    """What a call removed. `files` counts archives too, `jobs` those of any queue, in history too."""

    plays: int = 0
    uploads: int = 0
    files: int = 0
    jobs: int = 0


class Forgetting:
    """Removes every trace of people, step by step: no step waits long, and what a failed call removed stays removed."""

    def __init__(
        self,
        database: Database,
        announcer: Announcer,
        gate: CommitGate,
        background: BackgroundTasks,
        check_open: Callable[[], None],
        limits: ForgettingLimits | None = None,
    ) -> None:
        """Makes it ready. `check_open` raises Draining when this coordinator leaves: asked between two steps."""
        self._database = database
        self._announcer = announcer
        self._gate = gate
        self._background = background
        self._check_open = check_open
        self._limits = limits or ForgettingLimits()
        self._bounds = CommitBounds(self._limits.statement_seconds, self._limits.lock_seconds)

    async def forget(self, user_id: UUID, act: Act) -> Removed:
        """Removes all of a person, and writes `act` down unless nothing was there. Goes on though the caller leaves.

        Raises Busy, StoreUnavailable and Draining: a repeat goes on from there, and tells what it removes itself.
        """
        # The name is logged: it must not tell whom.
        return await asyncio.shield(self._background.start(self._forget(user_id, act), name="forget a person"))

    async def _forget(self, user_id: UUID, act: Act) -> Removed:
        removed, to_be_written = Removed(), True
        for _ in range(self._limits.rounds):
            self._check_open()
            if not await self._knows(user_id):
                return removed
            # First what brings plays in, so that none come in behind those that are removed.
            work = await self._remove_work(user_id, act if to_be_written else None)
            to_be_written = to_be_written and not work.audited
            plays = await self._remove_plays(user_id)
            removed = replace(
                removed,
                plays=removed.plays + plays,
                uploads=removed.uploads + len(work.upload_ids),
                files=removed.files + work.files,
                jobs=removed.jobs + work.jobs,
            )
        if await self._knows(user_id):
            raise Busy(
                "As fast as it is removed something new comes in: stop uploading, and try again.",
                retry_after_seconds=1.0,
            )
        return removed

    async def _knows(self, user_id: UUID) -> bool:
        async with self._gate.turn(user_id):
            return await forgetting.knows(self._database, user_id, self._bounds)

    async def _remove_work(self, user_id: UUID, act: Act | None) -> forgetting.RemovedWork:
        async with self._gate.turn(user_id):
            work = await forgetting.remove_work(self._database, user_id, act, self._bounds)
        self._announcer.freed(work.freed)
        topics = {upload_topic(upload_id) for upload_id in work.upload_ids}
        self._announcer.wake({*topics, LEASES_TOPIC} if work.told_workers else topics)
        return work

    async def _remove_plays(self, user_id: UUID) -> int:
        plays, last, more = 0, None, True
        while more:
            self._check_open()
            step = await self._remove_some_plays(user_id, last)
            plays, last, more = plays + step.plays, step.last, step.plays >= self._limits.plays
        return plays

    async def _remove_some_plays(self, user_id: UUID, start: datetime | None) -> forgetting.RemovedPlays:
        async with self._gate.turn(user_id):
            return await forgetting.remove_plays(self._database, user_id, start, self._limits.plays, self._bounds)
