"""Files of plays: what is written can be read again, and no spreadsheet runs what a name says."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.listen_files import CsvFile, JsonFile, ListenFile
from gateway.listen_views import listen_view
from protos.listens.v1 import listen_pb2

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
HOSTILE = st.sampled_from(
    ['=cmd|"/c calc"!A0', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '";=1', "a\r\nb", "'", "\n", ""]
)

PLAYS = st.builds(
    listen_pb2.Listen,
    ms_played=st.integers(0, 2**31 - 1),
    content_type=st.sampled_from([value for value in listen_pb2.ContentType.values() if value]),
    track_name=TEXTS | HOSTILE,
    artist_name=TEXTS | HOSTILE,
    album_name=TEXTS | HOSTILE,
    track_uri=TEXTS,
    platform=st.sampled_from(["", "ios"]),
    skipped=st.sampled_from(listen_pb2.Skipped.values()),
    source=st.sampled_from([listen_pb2.SOURCE_ACCOUNT, listen_pb2.SOURCE_EXTENDED]),
    played_at=st.integers(946_684_800, 4_102_444_800).map(lambda second: {"seconds": second}),
)


def content_of(file: ListenFile, *pieces: list[listen_pb2.Listen]) -> bytes:
    return file.start + b"".join(file.write(piece) for piece in pieces) + file.end


def as_listed(play: listen_pb2.Listen) -> dict[str, Any]:
    return listen_view(play).model_dump(mode="json", by_alias=True)


@given(st.lists(st.lists(PLAYS, max_size=3), max_size=3))
def test_json_is_one_array_of_all_plays_as_the_list_has_them(pieces: list[list[listen_pb2.Listen]]) -> None:
    told = json.loads(content_of(JsonFile(), *pieces))
    assert told == [as_listed(play) for piece in pieces for play in piece]


@given(st.lists(st.lists(PLAYS, max_size=3), max_size=3))
def test_csv_is_a_line_a_play_with_the_same_names(pieces: list[list[listen_pb2.Listen]]) -> None:
    text = content_of(CsvFile(), *pieces).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == sum(map(len, pieces))
    for row, play in zip(rows, (play for piece in pieces for play in piece), strict=True):
        for name, value in as_listed(play).items():
            assert row[name] in spellings(value), name


def spellings(value: Any) -> set[str]:
    if value is None:
        return {""}
    if isinstance(value, str):
        return {"'" + value} if value[:1] in {"=", "+", "-", "@", "\t", "\r"} and value else {value}
    return {json.dumps(value)}


@given(PLAYS)
def test_no_cell_begins_like_a_formula(play: listen_pb2.Listen) -> None:
    (_, row) = csv.reader(io.StringIO(content_of(CsvFile(), [play]).decode(), newline=""))
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_file_without_plays_is_whole_too() -> None:
    assert content_of(CsvFile()).decode() == (
        "playedAt,msPlayed,contentType,trackName,artistName,albumName,trackUri,platform,skipped,source\r\n"
    )
    assert json.loads(content_of(JsonFile())) == []
