"""Export files made quickly, for tests that need large ones or many."""

from __future__ import annotations

import datetime
import json

_START = datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC)


def account_file(rows: int, number: int = 0) -> bytes:
    """Writes so many plays, a minute apart; files of one size and different numbers follow each other in time."""
    first = _START + datetime.timedelta(minutes=number * rows)
    minutes = (first + datetime.timedelta(minutes=row) for row in range(rows))
    return json.dumps(
        [
            {
                "endTime": f"{minute:%Y-%m-%d %H:%M}",
                "artistName": f"Artist {row % 97}",
                "trackName": f"Track {row % 1009}",
                "msPlayed": 30_000 + row % 1000,
            }
            for row, minute in enumerate(minutes)
        ]
    ).encode()


def account_files(count: int, rows_each: int) -> dict[str, bytes]:
    """Writes so many files by name, no play twice."""
    return {f"file_{number}.json": account_file(rows_each, number) for number in range(count)}
