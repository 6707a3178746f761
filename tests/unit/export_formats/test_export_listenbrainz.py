"""A second provider: one module beside the first's, its rows in a list or one on each line."""

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats import ExportError, Reason, Rejection, open_archive, parse, recognise_head
from export_formats.formats.listenbrainz import SHORTEST_MS, ListenBrainzRow
from export_formats.lines import LineReader
from export_formats.rows import MAX_ROW_BYTES

BEGAN = 1_700_000_000


def listen(began: Any = BEGAN, track: Any = "Ashes", artist: Any = "The Paper Foxes", **info: Any) -> dict[str, Any]:
    metadata = {"artist_name": artist, "track_name": track, "release_name": "Smoke", "additional_info": info}
    return {
        "inserted_at": 1_700_000_100,
        "listened_at": began,
        "recording_msid": "0a1b",
        "track_metadata": {**metadata, "mbid_mapping": {"artists": [{"artist_credit_name": "x"}, {}]}},
    }


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_list(*rows: Any) -> bytes:
    return json.dumps(rows, indent=1).encode()


@pytest.mark.parametrize("write", [lines, as_list])
def test_listens_become_plays_that_end_when_they_were_over(write: Any) -> None:
    parsed = parse(write(listen(duration_played=100, duration_ms=180_000), listen(BEGAN + 500, track="Embers")))
    assert (parsed.format, parsed.source, parsed.total_rows, parsed.rejections) == ("listenbrainz", "extended", 2, {})
    plays = parsed.plays
    assert plays.played_at == [BEGAN + 100, BEGAN + 500 + SHORTEST_MS // 1_000]
    assert plays.ms_played == [100_000, SHORTEST_MS]
    assert plays.track_name == ["Ashes", "Embers"]
    assert plays.artist_name == ["The Paper Foxes"] * 2
    assert plays.album_name == ["Smoke"] * 2
    assert plays.content_type == ["music"] * 2
    assert (plays.track_uri, plays.platform, plays.skipped) == ([None] * 2, [None] * 2, [None] * 2)


@pytest.mark.parametrize(
    ("info", "length"),
    [
        ({"duration_ms": 180_000, "duration": 7}, 180_000),
        ({"duration_ms": 180_000.9}, 180_000),
        ({"duration": 200}, 200_000),
        ({"duration_ms": "1500"}, 1_500),
        ({"duration_ms": "long", "duration": None}, SHORTEST_MS),
        ({"duration_ms": [1], "duration": {}}, SHORTEST_MS),
        ({"duration_ms": -1, "duration": 0}, SHORTEST_MS),
        ({"duration_ms": 10**400}, SHORTEST_MS),
        ({"duration_ms": "nan"}, SHORTEST_MS),
        ({"duration_ms": "inf"}, SHORTEST_MS),
        ({"duration_played": 86_401}, SHORTEST_MS),
    ],
)
def test_the_best_length_that_can_be_one_is_taken(info: dict[str, Any], length: int) -> None:
    assert parse(lines(listen(**info))).plays.ms_played == [length]


@pytest.mark.parametrize("write", [lines, as_list])
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (listen(None), "missing_field"),
        (listen("2024"), "bad_time"),
        (listen(12), "bad_time"),
        (listen(10**12), "bad_time"),
        (listen(track=None), "missing_field"),
        (listen(track=5), "bad_text"),
        (listen(track="a\0"), "bad_text"),
        (listen(track="\ud800"), "bad_text"),
        (listen(track=" ", artist=""), "no_content"),
        ({"listened_at": BEGAN}, "missing_field"),
        ({"listened_at": BEGAN, "track_metadata": [1]}, "bad_text"),
        (3, "not_an_object"),
        (None, "not_an_object"),
    ],
)
def test_a_row_that_is_no_play_costs_only_itself(write: Any, row: Any, reason: str) -> None:
    parsed = parse(write(listen(), row, listen(BEGAN + 1)))
    assert len(parsed.plays) == 2
    assert parsed.rejections == {reason: 1}
    assert [(each.row, each.reason) for each in parsed.rejected_rows] == [(2, Rejection(reason))]


def test_the_same_listen_is_one_play_whatever_file_it_stands_in() -> None:
    first, again = parse(lines(listen(), listen())), parse(as_list(listen(recording_mbid="x", media_player="y")))
    assert first.merged_rows == 1
    assert first.plays.identity == again.plays.identity


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n \r\n"])
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\n", b" \t\n"])
def test_lines_may_end_in_any_way(between: bytes, ending: bytes) -> None:
    content = between.join(json.dumps(listen(BEGAN + number)).encode() for number in range(30)) + ending
    assert parse(content).total_rows == 30
    rows = [row for block in LineReader(ListenBrainzRow, 1_000).read([content]) for row in block]
    assert [row.listened_at for row in rows] == [BEGAN + number for number in range(30)]


def refusal(content: bytes) -> ExportError:
    with pytest.raises(ExportError) as caught:
        parse(content)
    return caught.value


@pytest.mark.parametrize("spoil", [lambda text: text[:-9], lambda text: text + b"{", lambda text: text + b"x\n"])
def test_a_broken_line_breaks_the_file_wherever_it_is(spoil: Any) -> None:
    error = refusal(spoil(lines(*(listen(BEGAN + number) for number in range(5_000)))))
    assert error.reason is Reason.NOT_JSON


def test_a_broken_line_is_named_by_its_byte() -> None:
    good = lines(*(listen(BEGAN + number) for number in range(5_000)))
    assert f"byte {len(good) + 1:,}." in refusal(good + b"{x}\n" + good).message


def test_a_line_larger_than_any_play_is_refused() -> None:
    row = listen(x="x" * (3 * MAX_ROW_BYTES))
    assert refusal(lines(listen(), row, listen())).reason is Reason.TOO_LARGE


def test_a_deep_line_is_too_deep() -> None:
    deep = json.dumps(listen(x="X")).encode().replace(b'"X"', b"[" * 5_000 + b"]" * 5_000)
    assert refusal(lines(listen()) * 400 + deep + b"\n").reason is Reason.TOO_DEEP


@given(st.lists(st.text(max_size=8), max_size=30), st.integers(1, 400), st.integers(1, 50))
def test_blocks_of_lines_give_every_row(names: list[str], block_bytes: int, piece_bytes: int) -> None:
    content = lines(*(listen(track=name) for name in names))
    pieces = [content[start : start + piece_bytes] for start in range(0, len(content), piece_bytes)]
    rows = [row for block in LineReader(ListenBrainzRow, block_bytes).read(pieces) for row in block]
    assert [row.track_metadata.track_name for row in rows] == names


def test_other_objects_are_no_history_of_lines() -> None:
    assert recognise_head(lines(listen()), True) == "listenbrainz"
    assert recognise_head(lines(listen())[:300], False) == "listenbrainz"
    for other in (
        {"user_id": 1, "username": "x"},
        {"x": [listen()]},
        {"endTime": "2024-01-01 10:00", "trackName": "t"},
    ):
        with pytest.raises(ExportError) as caught:
            recognise_head(lines(other), True)
        assert caught.value.reason is Reason.NOT_A_HISTORY


def test_an_export_as_it_is_downloaded_has_its_listens_found() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", '{"user_id": 1, "username": "x"}')
        archive.writestr("listens/2023/11.jsonl", lines(listen()))
        archive.writestr("listens/2024/1.jsonl", lines(listen(BEGAN + 9_000_000)))
        archive.writestr("feedback.jsonl", '{"recording_msid": "x", "score": 1}\n' * 2)
    opened = open_archive(file)
    assert [(member.name, member.format) for member in opened.members] == [
        ("11.jsonl", "listenbrainz"),
        ("1.jsonl", "listenbrainz"),
    ]
    assert (opened.skipped, opened.refused) == (2, [])
