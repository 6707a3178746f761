"""From the bytes of a file to its committed plays, by format: `python -m benchmarks.ingest [ROWS]`.

Through the front door of a local stack, one file at a time: the request, the worker, the commit, as a person who
follows the upload sees it. Each file brings new plays; sent once more, it brings none. The baseline, in the same run
and database, is what the guide's worker did: `json.loads`, then batches of 500 rows by INSERT … ON CONFLICT.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from typing import Any

import httpx
import psycopg

from benchmarks.bench_stack import bench_stack
from benchmarks.bench_uploads import ended, signed_in
from benchmarks.figures import tell
from benchmarks.large_files import KINDS, file_of_rows

ROUNDS = 5
_BATCH = 500


def main(rows: int) -> None:
    """Measures every format and the baseline, in turns."""
    figures: dict[str, list[float]] = {}
    with bench_stack(workers=1) as stack, signed_in(stack.http) as client, psycopg.connect(stack.database) as database:
        database.execute(_TABLE)
        database.commit()
        # One round more than counts: the first file starts the parser.
        for turn in range(ROUNDS + 1):
            for kind in KINDS:
                content = file_of_rows(kind, rows, turn * rows)
                figures.setdefault(f"{kind}, new plays", []).append(_upload(client, content, rows))
                figures.setdefault(f"{kind}, known plays", []).append(_upload(client, content, rows))
            content = file_of_rows("extended", rows, turn * rows)
            figures.setdefault("the guide's way (baseline), extended", []).append(_guides_way(database, content))
    for what, values in figures.items():
        tell(what, [value / 1_000 for value in values[1:]], "k rows/s")


def _upload(client: httpx.Client, content: bytes, rows: int) -> float:
    """Uploads a file; returns rows a second until it is committed."""
    started = time.perf_counter()
    status = ended(client, client.post("/api/uploads/json", files=[("files", ("endsong_0.json", content))]))
    seconds = time.perf_counter() - started
    if status["status"] != "completed" or status["totalRecords"] != rows:
        raise RuntimeError(f"the file did not come in whole: {status}")
    return rows / seconds


_TABLE = """
CREATE TABLE guide_listens (
    user_id uuid, played_at timestamptz, track_name text, artist_name text, album_name text, track_uri text,
    ms_played integer, UNIQUE (user_id, played_at, track_uri)
)
"""
_COLUMNS = (
    "ts",
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
    "spotify_track_uri",
    "ms_played",
)


def _guides_way(database: psycopg.Connection[Any], content: bytes) -> float:
    started = time.perf_counter()
    rows = json.loads(content)
    waiting = iter(rows)
    one = "('00000000-0000-0000-0000-000000000001'::uuid, %s, %s, %s, %s, %s, %s)"
    while batch := list(islice(waiting, _BATCH)):
        statement = f"INSERT INTO guide_listens VALUES {','.join([one] * len(batch))} ON CONFLICT DO NOTHING"  # noqa: S608
        database.execute(statement.encode(), [row[name] for row in batch for name in _COLUMNS])
        database.commit()
    return len(rows) / (time.perf_counter() - started)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
