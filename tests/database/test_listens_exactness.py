"""Every number of the dashboard is what plain Python makes of the same rows, whatever is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from coordinator.database import Database
from coordinator.listen_domain import Bucket, Listen, ListenFilter, Overview, TopKind, TopOrder, TopPlace
from coordinator.services.timelines import read_timeline
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
