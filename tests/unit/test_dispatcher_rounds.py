"""One round of a queue's dispatcher: whom it asks for, where credit goes while it waits and sessions are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from coordinator.database import Database
from coordinator.dispatcher import Dispatcher
from coordinator.memory import QueueMemory
from coordinator.sessions import Session, SessionRegistry
from coordinator.settling import Settling
from coordinator.store import claims
from coordinator.store.claims import Claimed, SessionClaim
from coordinator.store.sessions import SessionKey, WorkerProfile
from coordinator.wakeups import Wakeups
from tests.waiting import eventually

# Longer than any test may take: what is asked for was asked for at once.
NO_POLL = 60.0


class Round:
    """Two sessions with credit for one job each, limited by bytes too, and the claims that were made for them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Callable[[SessionClaim], Claimed]) -> None:
        self.claimed: list[int] = []
        self.sessions = [Session(SessionKey(number, 0), WorkerProfile("w", ("q", "r"), ("k",))) for number in (1, 2)]
        registry = SessionRegistry()
        for session in self.sessions:
            session.grant(1, 100, 0)
            registry.add(session)

        async def claim(_: Database, wanted: SessionClaim) -> Claimed:
            self.claimed.append(wanted.session_id)
            return answer(wanted)

        monkeypatch.setattr(claims, "claim", claim)
        database, settling = cast("Database", None), cast("Settling", None)
        self.wakeups = Wakeups()
        self.dispatcher = Dispatcher("q", database, registry, QueueMemory(), settling, self.wakeups, NO_POLL)

    @property
    def first(self) -> Session:
        """The session that the first round asks for first."""
        return self.sessions[1]

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Ends the dispatcher."""
        self.dispatcher.stop()
        await running


async def test_a_session_whose_credit_another_queue_took_meanwhile_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Round(monkeypatch, lambda _: Claimed(()))
    async with one.first.turn_to_claim():
        running = asyncio.create_task(one.dispatcher.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        one.first.reserve(7, 1)
    await eventually(lambda: one.claimed == [one.sessions[0].id])
    await one.stop(running)


async def test_a_session_that_is_over_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Round(monkeypatch, lambda _: Claimed((), looked=False))
    running = asyncio.create_task(one.dispatcher.run())
    await eventually(lambda: one.claimed == [one.first.id, one.sessions[0].id])
    await one.stop(running)


@pytest.mark.parametrize("answer", [Claimed(()), Claimed((), looked=False, is_full=True)])
async def test_nobody_else_is_asked_for_where_nothing_waits_or_the_queue_is_full(
    monkeypatch: pytest.MonkeyPatch, answer: Claimed
) -> None:
    one = Round(monkeypatch, lambda _: answer)
    running = asyncio.create_task(one.dispatcher.run())
    await eventually(lambda: bool(one.claimed))
    await one.stop(running)
    assert one.claimed == [one.first.id]
