"""Made-up plays of one person, shaped as in real exports: few tracks make most plays, most by day, and in sittings."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

ARTISTS = 5_000
TRACKS = 20_000
PLAYS_A_SITTING = 12
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
YEARS = 30

_COPY = """
    COPY listens (
        user_id, played_at, identity, cover, source, content_type, track_name, artist_name, album_name, track_uri,
        ms_played, platform, skipped
    )
    FROM STDIN
"""
_SYLLABLES = ("ka", "lo", "mi", "ren", "sta", "vor", "ный", "été", "nacht", " blue", " the", " of", " never", " (live)")
_PLATFORMS = ("ios", "android", "windows", "web", "speaker")
# How much is played in each hour of a day, by UTC.
_HOURS = (2, 1, 1, 1, 1, 2, 6, 9, 8, 7, 6, 6, 7, 7, 7, 8, 9, 10, 11, 12, 12, 10, 7, 4)

Play = tuple[UUID, datetime, UUID, UUID, str, str, str, str, str | None, str, int, str, bool]


def store_history(connection: Connection[TupleRow], user_id: UUID, plays: int, *, seed: int = 1) -> None:
    """Stores so many plays of thirty years, in the order of time, then does what autovacuum does."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for play in make_history(user_id, plays, seed=seed):
            copy.write_row(play)
    connection.execute("VACUUM ANALYZE listens")


def make_history(user_id: UUID, plays: int, *, seed: int = 1) -> Iterator[Play]:
    """Yields plays, oldest first: by Zipf's law over the tracks, every twentieth a podcast, every third cut short."""
    chance = random.Random(seed)  # noqa: S311 - made up, and the same each time
    tracks = [_make_track(chance, number) for number in range(TRACKS)]
    weights = list(accumulate(1 / (rank + 10) for rank in range(TRACKS)))
    moments = sorted(_sittings(chance, plays))
    for moment, place in zip(moments, chance.choices(range(TRACKS), cum_weights=weights, k=plays), strict=True):
        content, track, artist, album, uri = tracks[place]
        length = chance.randrange(1_000, 30_000) if chance.random() < 1 / 3 else chance.randrange(120_000, 300_000)
        identity = _hash(f"{moment} {uri} {length}")
        cover = _hash(f"{moment:%F %R} {track} {length}")
        yield (
            user_id, moment, identity, cover, "extended", content, track, artist, album, uri, length,
            chance.choice(_PLATFORMS), length < 30_000,
        )  # fmt: skip


def _make_track(chance: random.Random, number: int) -> tuple[str, str, str, str | None, str]:
    """Makes (content type, track, artist, album, URI); the artists of many tracks are those of the much played ones."""
    artist = min(int(chance.paretovariate(0.4)), ARTISTS) - 1 if number >= ARTISTS else number
    podcast = number % 20 == 7
    kind = "episode" if podcast else "track"
    album = None if podcast else f"The {_word(artist)} album {number % 3}"
    uri = f"spotify:{kind}:{_hash(str(number)).hex[:22]}"
    return "podcast" if podcast else "music", f"{_name(chance)} {number}", f"Artist {_word(artist)}", album, uri


def _hash(text: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


def _name(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randrange(2, 7))).strip()


def _word(number: int) -> str:
    return f"{_SYLLABLES[number % 9]}{_SYLLABLES[number // 9 % 9]} {number}"


def _sittings(chance: random.Random, plays: int) -> Iterator[datetime]:
    """Yields when so many plays were, a dozen in a row."""
    moment = FIRST
    for place in range(plays):
        if place % PLAYS_A_SITTING == 0:
            moment = _moment(chance)
        yield moment
        moment += timedelta(seconds=chance.randrange(60, 360))


def _moment(chance: random.Random) -> datetime:
    day = chance.randrange(YEARS * 365)
    (hour,) = chance.choices(range(24), _HOURS)
    return FIRST + timedelta(days=day, hours=hour, seconds=chance.randrange(3_600))
