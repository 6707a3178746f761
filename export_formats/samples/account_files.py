"""A history as account data writes it: a set of rows, to the minute."""

import datetime
from collections.abc import Iterable
from typing import Any

from export_formats.samples.drift import Drift
from export_formats.samples.history import TruePlay
from export_formats.samples.layouts import ACCOUNT

Row = dict[str, Any]


def account_files(
    history: Iterable[TruePlay],
    *,
    rows_a_file: int = 10_000,
    drift: float = 0.0,
    seed: int = 0,
    until_2023: bool = False,
) -> dict[str, bytes]:
    """Write a history as music, podcast and audiobook files, by name.

    Videos stand among the music, plays without content as Unknown Artist and Unknown Track. `drift` is the
    part of all items whose names are spelled anew. `until_2023` writes files of one kind under the names of
    then, with everything among the music.
    """
    spelling = Drift(seed, drift)
    rows: dict[str, dict[tuple[Any, ...], Row]] = {"music": {}, "podcast": {}, "audiobook": {}}
    for play in history:
        kind = play.item.kind if play.item.kind in rows and not until_2023 else "music"
        row = _row(play, kind, *spelling.names(play.item))
        rows[kind].setdefault(tuple(row.values()), row)
    return {
        f"StreamingHistory{'' if until_2023 else f'_{kind}_'}{number}.json": ACCOUNT.render(part)
        for kind, unique in rows.items()
        for number, part in enumerate(_parts([*unique.values()], rows_a_file))
    }


def _row(play: TruePlay, kind: str, group: str, name: str) -> Row:
    ended = datetime.datetime.fromtimestamp(play.ended_at, datetime.UTC)
    row: Row = {"endTime": f"{ended:%Y-%m-%d %H:%M}"}
    if kind == "podcast":
        row |= {"podcastName": group, "episodeName": name}
    elif kind == "audiobook":
        row |= {"audiobookName": group, "chapterName": name, "authorName": play.item.author}
    else:
        row |= {"artistName": group, "trackName": name}
    return row | {"msPlayed": play.ms_played}


def _parts(rows: list[Row], size: int) -> list[list[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
