"""GetListeningSessions joins plays as long as there is no more than half an hour of silence, to the millisecond."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from coordinator.listen_domain import Listen, ListenFilter, ListeningSessions
from coordinator.store import listens
from tests.database.listen_calls import listening
from tests.database.made_history import make_play, store
from tests.database.stored_plays import connect
from tests.database.test_listens_exactness import sessions_of

HALF_HOUR = timedelta(minutes=30)
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


async def _sessions(database_url: str, owner_url: str, plays: list[Listen]) -> ListeningSessions:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, plays)
        return await listens.get_listening_sessions(listener.database, ListenFilter(user))


@pytest.mark.parametrize(("silence_ms", "sessions"), [(1_799_999, 1), (1_800_000, 1), (1_800_001, 2)])
async def test_silence_of_more_than_half_an_hour_ends_a_session(
    database_url: str, owner_url: str, silence_ms: int, sessions: int
) -> None:
    second = NOON + timedelta(milliseconds=silence_ms + 60_000)
    found = await _sessions(
        database_url, owner_url, [make_play(NOON, ms_played=0), make_play(second, ms_played=60_000)]
    )
    assert found.sessions == sessions
    assert found.ms == (silence_ms + 60_000 if sessions == 1 else 60_000)


async def test_what_was_begun_long_before_it_ended_fills_a_silence(database_url: str, owner_url: str) -> None:
    long = make_play(NOON + timedelta(hours=5), ms_played=5 * 3_600_000)
    short = [make_play(NOON + timedelta(hours=hour), ms_played=1) for hour in (1, 2, 3)]
    found = await _sessions(database_url, owner_url, [long, *short])
    assert found == ListeningSessions(1, 5 * 3_600_000, NOON, long.played_at)


@pytest.mark.parametrize("seed", range(4))
async def test_sessions_are_those_of_plain_python_where_plays_lie_close(
    database_url: str, owner_url: str, seed: int
) -> None:
    chance = random.Random(seed)
    steps = (timedelta(), timedelta(minutes=1), HALF_HOUR, HALF_HOUR + timedelta(seconds=1), timedelta(hours=2))
    plays, moment = [], NOON
    for _ in range(200):
        moment += chance.choice(steps)
        plays.append(make_play(moment, ms_played=chance.choice((0, 1, 60_000, 1_800_000, 4_000_000))))
    assert await _sessions(database_url, owner_url, plays) == sessions_of(plays)
