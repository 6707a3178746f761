"""Every number of the dashboard is what plain Python makes of the same rows, whatever is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from coordinator.database import Database
from coordinator.listen_domain import (
    Bucket,
    Listen,
    ListenFilter,
    ListeningHabits,
    ListeningSessions,
    Overview,
    PlatformPlays,
    TopKind,
    TopOrder,
    TopPlace,
)
from coordinator.services.timelines import read_discoveries, read_timeline
from coordinator.store import listen_pages, listens
from tests.database.listen_calls import listening
from tests.database.made_history import chosen, make_filter, make_plays, store, sums
from tests.database.stored_plays import connect

FILTERS = 8
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns")


@pytest.mark.parametrize("seed", range(3))
async def test_every_number_is_a_plain_count_over_the_rows(database_url: str, owner_url: str, seed: int) -> None:
    chance = random.Random(seed)
    user = uuid4()
    plays = make_plays(chance, 200)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, plays)
            store(owner, uuid4(), make_plays(chance, 50))
        for _ in range(FILTERS):
            wanted = make_filter(chance, user)
            rows = chosen(plays, wanted)
            zone = chance.choice(ZONES)
            assert await listens.get_overview(listener.database, wanted) == overview_of(rows), wanted
            for kind in TopKind:
                for order in TopOrder:
                    ranked = await ranking(listener.database, wanted, kind, order, size=chance.choice((5, 100)))
                    assert ranked == ranking_of(rows, kind, order), (wanted, kind, order)
            await check_clock(listener.database, wanted, rows, zone)
            await check_timeline(listener.database, wanted, rows, zone, chance.choice(list(Bucket)))
            await check_discoveries(listener.database, wanted, plays, zone, chance.choice(list(Bucket)[1:]))
            assert await listens.get_listening_sessions(listener.database, wanted) == sessions_of(rows), wanted
            assert await listens.get_listening_habits(listener.database, wanted) == habits_of(plays, wanted), wanted
            assert await listed(listener.database, wanted, size=chance.choice((3, 11, 500))) == rows[::-1], wanted
            assert await exported(listener.database, wanted, size=chance.choice((5, 11, 500))) == rows, wanted


def overview_of(rows: Sequence[Listen]) -> Overview:
    return Overview(
        plays=len(rows),
        ms_played=sum(play.ms_played for play in rows),
        artists=len({play.artist_name for play in rows if play.artist_name}),
        tracks=len({(play.artist_name, play.track_name) for play in rows if play.track_name}),
        albums=len({(play.artist_name, play.album_name) for play in rows if play.album_name}),
        first_played_at=min((play.played_at for play in rows), default=None),
        last_played_at=max((play.played_at for play in rows), default=None),
    )


KEYS: dict[TopKind, Callable[[Listen], tuple[str, str] | None]] = {
    TopKind.ARTISTS: lambda play: None if play.artist_name in {"", "Unknown Artist"} else (play.artist_name, ""),
    TopKind.TRACKS: lambda play: (
        None
        if play.track_name in {"", "Unknown Track"} or play.artist_name == "Unknown Artist"
        else (play.track_name, play.artist_name)
    ),
    TopKind.ALBUMS: lambda play: (
        (play.album_name, play.artist_name) if play.album_name and play.artist_name != "Unknown Artist" else None
    ),
}


def ranking_of(rows: Sequence[Listen], kind: TopKind, order: TopOrder) -> list[tuple[Any, ...]]:
    added = sums(rows, KEYS[kind])
    ranks = added.plays if order is TopOrder.PLAYS else added.ms_played
    return [
        (*names, added.plays[names], added.ms_played[names])
        for names in sorted(added.plays, key=lambda names: (-ranks[names], names))
    ]


async def ranking(
    database: Database, wanted: ListenFilter, kind: TopKind, order: TopOrder, *, size: int
) -> list[tuple[Any, ...]]:
    ranked: list[tuple[Any, ...]] = []
    after: TopPlace | None = None
    while page := await listens.list_top(database, wanted, kind, order, after, size):
        ranked += [(item.name, item.artist_name, item.plays, item.ms_played) for item, _ in page]
        after = page[-1][1]
    return ranked


async def check_clock(database: Database, wanted: ListenFilter, rows: Sequence[Listen], zone: str) -> None:
    def hour_of_week(play: Listen) -> int:
        local = play.played_at.astimezone(ZoneInfo(zone))
        return local.weekday() * 24 + local.hour

    added = sums(rows, hour_of_week)
    hours = await listens.get_listening_clock(database, wanted, zone)
    assert [(hour.plays, hour.ms_played) for hour in hours] == [
        (added.plays[place], added.ms_played[place]) for place in range(168)
    ], (wanted, zone)


async def check_timeline(
    database: Database, wanted: ListenFilter, rows: Sequence[Listen], zone: str, bucket: Bucket
) -> None:
    if bucket is Bucket.HOUR:  # of no more than a year
        start = wanted.start or (rows[0].played_at if rows else datetime(2021, 1, 1, tzinfo=ZoneInfo("UTC")))
        end = min(wanted.end or start + timedelta(days=300), start + timedelta(days=300))
        wanted = ListenFilter(wanted.user_id, start, end, wanted.min_ms, wanted.content_type)
        rows = chosen(rows, wanted)
    added = sums(rows, lambda play: bucket_start(play.played_at.astimezone(ZoneInfo(zone)), bucket))
    _, points = await read_timeline(database, wanted, bucket, zone)
    told = {point.start: (point.plays, point.ms_played) for point in points if point.plays or point.ms_played}
    assert told == {start: (added.plays[start], added.ms_played[start]) for start in added.plays}, (wanted, zone)
    assert [point.start for point in points] == sorted({point.start for point in points})


async def check_discoveries(
    database: Database, wanted: ListenFilter, plays: Sequence[Listen], zone: str, bucket: Bucket
) -> None:
    until_the_end = chosen(plays, replace(wanted, start=None))
    counted: dict[datetime, list[int]] = {}
    for place, key in enumerate((artist_of, track_of)):
        firsts: dict[object, datetime] = {}
        for play in until_the_end:
            firsts.setdefault(key(play), play.played_at)
        for name, first in firsts.items():
            if name is not None and (wanted.start is None or first >= wanted.start):
                start = bucket_start(first.astimezone(ZoneInfo(zone)), bucket)
                counted.setdefault(start, [0, 0])[place] += 1
    _, points = await read_discoveries(database, wanted, bucket, zone)
    assert [(point.start, [point.artists, point.tracks]) for point in points] == sorted(counted.items()), wanted


def artist_of(play: Listen) -> str | None:
    return play.artist_name or None


def track_of(play: Listen) -> tuple[str, str] | None:
    return (play.artist_name, play.track_name) if play.track_name else None


def sessions_of(rows: Sequence[Listen]) -> ListeningSessions:
    """Joins plays, in the order in which they began, as long as silence does not exceed half an hour."""
    sessions: list[tuple[datetime, datetime]] = []
    for start, end in sorted(
        (play.played_at - timedelta(milliseconds=play.ms_played), play.played_at) for play in rows
    ):
        if sessions and start - sessions[-1][1] <= timedelta(minutes=30):
            sessions[-1] = sessions[-1][0], max(sessions[-1][1], end)
        else:
            sessions.append((start, end))
    longest = max(sessions, key=lambda session: session[1] - session[0], default=(None, None))
    length = sum((end - start for start, end in sessions), timedelta())
    return ListeningSessions(len(sessions), length // timedelta(milliseconds=1), *longest)


def habits_of(plays: Sequence[Listen], wanted: ListenFilter) -> ListeningHabits:
    added = sums(chosen(plays, wanted), lambda play: play.platform or "")
    platforms = [
        PlatformPlays(name, added.plays[name], added.ms_played[name])
        for name in sorted(added.plays, key=lambda name: (-added.plays[name], name))
    ]
    however_short = chosen(plays, replace(wanted, min_ms=0))
    told = [play.skipped for play in however_short if play.skipped is not None]
    return ListeningHabits(platforms, len(told), sum(told))


def bucket_start(local: datetime, bucket: Bucket) -> datetime:
    if bucket is Bucket.HOUR:  # of what the clock showed, and not of an hour that a change cut short
        return (local - timedelta(minutes=local.minute, seconds=local.second)).astimezone(ZoneInfo("UTC"))
    day = local.replace(hour=0, minute=0, second=0, fold=0)
    if bucket is Bucket.WEEK:
        day -= timedelta(days=day.weekday())
    if bucket is Bucket.MONTH:
        day = day.replace(day=1)
    if bucket is Bucket.YEAR:
        day = day.replace(month=1, day=1)
    return day.astimezone(ZoneInfo("UTC"))


async def listed(database: Database, wanted: ListenFilter, *, size: int) -> list[Listen]:
    found: list[Listen] = []
    after = None
    while page := await listen_pages.list_listens(database, wanted, after, size):
        found += page
        after = listen_pages.place_after(page, after)
    return found


async def exported(database: Database, wanted: ListenFilter, *, size: int) -> list[Listen]:
    found, after = await listen_pages.export_listens(database, wanted, None, size)
    while after is not None:
        page, after = await listen_pages.export_listens(database, wanted, after, size)
        found += page
    return found
