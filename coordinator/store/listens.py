"""Reading a person's plays in numbers. Every statement names the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from psycopg import errors
from psycopg.rows import DictRow

from coordinator.database import Database
from coordinator.errors import InvalidRequest
from coordinator.listen_domain import (
    FIRST_PLAY_TIME,
    HOURS_OF_WEEK,
    PLAY_TIME_END,
    UNKNOWN_ARTIST,
    UNKNOWN_TRACK,
    Bucket,
    DiscoveryPoint,
    ListenFilter,
    ListeningHabits,
    ListeningHour,
    ListeningSessions,
    Overview,
    PlatformPlays,
    Source,
    SourceSpan,
    TimelinePoint,
    TimeSpan,
    TopItem,
    TopKind,
    TopOrder,
    TopPlace,
)
from coordinator.queries import query

_MICROSECOND = timedelta(microseconds=1)

_TOP_QUERIES: Mapping[TopKind, str] = MappingProxyType(
    {
        TopKind.ARTISTS: "list_top_artists",
        TopKind.TRACKS: "list_top_tracks",
        TopKind.ALBUMS: "list_top_albums",
    }
)

# Shorter than the shortest of its kind: an hour has thirty minutes where clocks change by as much, a day may have 23.
_STEPS: Mapping[Bucket, timedelta] = MappingProxyType(
    {
        Bucket.HOUR: timedelta(minutes=30),
        Bucket.DAY: timedelta(hours=12),
        Bucket.WEEK: timedelta(days=3),
        Bucket.MONTH: timedelta(days=14),
        Bucket.YEAR: timedelta(days=180),
    }
)


async def get_overview(database: Database, wanted: ListenFilter) -> Overview:
    """Sums over the plays."""
    (row,) = await read(database, "get_overview", filter_parameters(wanted))
    return Overview(**row)


async def list_sources(database: Database, user_id: UUID) -> list[SourceSpan]:
    """Returns what there is of each source, account data first."""
    rows = await read(database, "list_sources", {"user_id": user_id})
    return [SourceSpan(**{**row, "source": Source(row["source"])}) for row in rows]


async def list_top(
    database: Database, wanted: ListenFilter, kind: TopKind, order: TopOrder, after: TopPlace | None, count: int
) -> list[tuple[TopItem, TopPlace]]:
    """Returns up to `count` items that come after a place (None: from the first), each with its own place."""
    parameters = {
        **filter_parameters(wanted),
        "unknown_artist": UNKNOWN_ARTIST,
        "unknown_track": UNKNOWN_TRACK,
        "by_plays": order is TopOrder.PLAYS,
        "after_rank": after and after.rank,
        "after_name": after and after.name,
        "after_artist_name": after and after.artist_name,
        "count": count,
    }
    rows = await read(database, _TOP_QUERIES[kind], parameters)
    return [_ranked(row) for row in rows]


async def find_span(database: Database, wanted: ListenFilter) -> TimeSpan | None:
    """Returns from when to when there are plays, None where there are none."""
    (row,) = await read(database, "get_listening_span", filter_parameters(wanted))
    return TimeSpan(row["first_played_at"], row["last_played_at"]) if row["first_played_at"] else None


async def get_listening_clock(database: Database, wanted: ListenFilter, time_zone: str) -> list[ListeningHour]:
    """Returns the 168 hours of the week, from Monday's first, on the clocks of a time zone.

    Raises InvalidRequest where the database knows no such time zone.
    """
    parameters = {**filter_parameters(wanted), "time_zone": time_zone}
    with _known_zone():
        rows = await read(database, "get_listening_clock", parameters)
    hours = {row["hour_of_week"]: ListeningHour(row["plays"], row["ms_played"]) for row in rows}
    return [hours.get(hour, ListeningHour()) for hour in range(HOURS_OF_WEEK)]


async def get_timeline(
    database: Database, wanted: ListenFilter, bucket: Bucket, time_zone: str, span: TimeSpan, most_points: int
) -> list[TimelinePoint] | None:
    """Returns a point for each bucket of the span, in order; None where that would be more than `most_points`.

    Raises InvalidRequest where the database knows no such time zone.
    """
    parameters = {
        **filter_parameters(wanted),
        "end": min(wanted.end or PLAY_TIME_END, span.last + _MICROSECOND),
        "bucket": bucket.value,
        "time_zone": time_zone,
        "first": span.first,
        "last": span.last,
        "step": _STEPS[bucket],
        "count": most_points + 1,
    }
    with _known_zone():
        rows = await read(database, "get_timeline", parameters)
    if len(rows) > most_points:
        return None
    return [TimelinePoint(row["start"], row["plays"], row["ms_played"]) for row in rows]


async def get_discoveries(
    database: Database, wanted: ListenFilter, bucket: Bucket, time_zone: str, most_points: int
) -> list[DiscoveryPoint] | None:
    """Returns a point for each bucket with discoveries, in order; None where those are more than `most_points`.

    Raises InvalidRequest where the database knows no such time zone.
    """
    parameters = {
        **filter_parameters(wanted),
        "bucket": bucket.value,
        "time_zone": time_zone,
        "count": most_points + 1,
    }
    with _known_zone():
        rows = await read(database, "get_discoveries", parameters)
    return None if len(rows) > most_points else [DiscoveryPoint(**row) for row in rows]


async def get_listening_sessions(database: Database, wanted: ListenFilter) -> ListeningSessions:
    """Counts the sessions and finds the longest."""
    (row,) = await read(database, "get_listening_sessions", filter_parameters(wanted))
    return ListeningSessions(**row)


async def get_listening_habits(database: Database, wanted: ListenFilter) -> ListeningHabits:
    """Adds up plays by platform, most first, and skips of plays however short."""
    rows = await read(database, "get_listening_habits", filter_parameters(wanted))
    platforms = [PlatformPlays(row["platform"] or "", row["plays"], row["ms_played"]) for row in rows if row["plays"]]
    platforms.sort(key=lambda each: (-each.plays, each.platform))
    return ListeningHabits(platforms, sum(row["told"] for row in rows), sum(row["skipped"] for row in rows))


@contextmanager
def _known_zone() -> Iterator[None]:
    try:
        yield
    except errors.InvalidParameterValue:
        raise InvalidRequest("The database does not know this time zone.", field="time_zone") from None


async def read(database: Database, name: str, parameters: Mapping[str, object]) -> list[DictRow]:
    """Runs the named statement with room for its hashes; unprepared, since the plan depends on the person."""
    async with database.transaction() as connection:
        await connection.execute(query("plan_for_reading"))
        cursor = await connection.execute(query(name), parameters, prepare=False, binary=True)
        return await cursor.fetchall()


def filter_parameters(wanted: ListenFilter) -> dict[str, object]:
    """Returns what every statement asks of plays."""
    return {
        "user_id": wanted.user_id,
        "start": wanted.start or FIRST_PLAY_TIME,
        "end": wanted.end or PLAY_TIME_END,
        "min_ms": wanted.min_ms,
        "content_type": wanted.content_type,
    }


def _ranked(row: DictRow) -> tuple[TopItem, TopPlace]:
    item = TopItem(row["name"], row["artist_name"], row["plays"], row["ms_played"])
    return item, TopPlace(row["rank"], item.name, item.artist_name)
