"""A person's plays put straight into the table, and what plain Python makes of the same rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from coordinator.listen_domain import Listen, ListenFilter

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
_NAMES = ("", "Ä", "A", "a", "B", "Unknown Artist", "Unknown Track", "=1+1", "名", "A B")
_CONTENTS = ("music", "music", "music", "podcast", "audiobook", "video")


def make_play(moment: datetime, **values: Any) -> Listen:
    """Makes a play; what is not given is of no matter."""
    play = Listen(moment, uuid4(), "extended", "music", "Song", "Band", None, None, 180_000, "ios", None)
    return replace(play, **values)


def make_plays(chance: random.Random, count: int, days: int = 800) -> list[Listen]:
    """Makes plays among few names, several of them at once, cut short or not."""
    moments = [FIRST + timedelta(seconds=chance.randrange(days * 86_400)) for _ in range(count // 2 + 1)]
    return [
        make_play(
            chance.choice(moments),
            source=chance.choice(("account", "extended")),
            content_type=chance.choice(_CONTENTS),
            track_name=chance.choice(_NAMES),
            artist_name=chance.choice(_NAMES),
            album_name=chance.choice((None, *_NAMES)),
            ms_played=chance.choice((0, 29_999, 30_000, 30_001, chance.randrange(3_600_000))),
            skipped=chance.choice((None, False, True)),
            platform=chance.choice((None, "ios", "web", "tv")),
        )
        for _ in range(count)
    ]


def store(owner: Connection[TupleRow], user_id: UUID, plays: Iterable[Listen], *covers: UUID) -> None:
    """Puts plays into the table as they are; each has its identity for cover, and all have these further ones."""
    names = [field.name for field in fields(Listen)]
    copy_in = sql.SQL("COPY listens ({}, user_id, cover, more_covers) FROM STDIN").format(
        sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with owner.cursor() as cursor, cursor.copy(copy_in) as copy:
        for play in plays:
            copy.write_row((*(getattr(play, name) for name in names), user_id, play.identity, list(covers) or None))


def chosen(plays: Iterable[Listen], wanted: ListenFilter) -> list[Listen]:
    """Returns the plays that a filter lets through, oldest first."""
    return sorted(
        (
            play
            for play in plays
            if (wanted.start is None or play.played_at >= wanted.start)
            and (wanted.end is None or play.played_at < wanted.end)
            and play.ms_played >= wanted.min_ms
            and wanted.content_type in {None, play.content_type}
        ),
        key=lambda play: play.key,
    )


def make_filter(chance: random.Random, user_id: UUID, days: int = 800) -> ListenFilter:
    """Makes a filter: each of its parts may be there or not, and its ends may be those of a play or not."""

    def moment() -> datetime:
        return FIRST + timedelta(seconds=chance.randrange(days * 86_400))

    start, end = sorted((moment(), moment()))
    return ListenFilter(
        user_id,
        start if chance.random() < 0.5 else None,
        end if chance.random() < 0.5 else None,
        chance.choice((0, 0, 1, 30_000, 2**31 - 1)),
        chance.choice((None, None, "music", "podcast", "audiobook")),
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """Plays and time by some key."""

    plays: Counter[Any]
    ms_played: Counter[Any]


def sums(plays: Sequence[Listen], key: Callable[[Listen], Any]) -> Sums:
    """Adds up plays by a key; None stands for plays that do not count."""
    result = Sums(Counter(), Counter())
    for play in plays:
        place = key(play)
        if place is not None:
            result.plays[place] += 1
            result.ms_played[place] += play.ms_played
    return result
