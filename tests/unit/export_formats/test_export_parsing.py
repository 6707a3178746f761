import json
import math
import pickle
from typing import Any

import pytest

from export_formats import ExportError, ParsedFile, Reason, parse
from tests.unit.export_formats.exports import NO_TRACK, account_row, extended_row, file_of

MINUTE = 1_725_702_720
"""2024-09-07T09:52:00Z."""


def rejections(*rows: Any) -> dict[str, int]:
    """Give the rejections of these rows beside a sound one, which never suffers."""
    parsed = parse(file_of(extended_row(ts="2020-01-01T00:00:00Z"), *rows))
    assert len(parsed.plays) == 1
    assert parsed.total_rows == 1 + sum(parsed.rejections.values())
    return parsed.rejections


def account_rejections(*rows: Any) -> dict[str, int]:
    parsed = parse(file_of(account_row(endTime="2020-01-01 00:00"), *rows))
    assert len(parsed.plays) == 1
    return parsed.rejections


def only(parsed: ParsedFile) -> dict[str, Any]:
    """Give the one play of a file, column by column."""
    assert len(parsed.plays) == 1
    return {name: getattr(parsed.plays, name)[0] for name in parsed.plays.__slots__}


def test_an_account_row_becomes_a_play_of_its_minute() -> None:
    parsed = parse(file_of(account_row()))
    play = only(parsed)
    assert (parsed.format, parsed.source, parsed.total_rows) == ("account_music", "account", 1)
    assert play["played_at"] == MINUTE
    assert play["identity"] == play["cover"]
    assert (play["track_name"], play["artist_name"], play["ms_played"]) == ("Ashes", "The Paper Foxes", 124_979)
    assert (play["album_name"], play["track_uri"], play["platform"], play["skipped"]) == (None, None, None, None)
    assert play["content_type"] == "music"


def test_an_extended_row_becomes_a_play_of_its_second() -> None:
    parsed = parse(file_of(extended_row(skipped=True)))
    play = only(parsed)
    assert (parsed.format, parsed.source) == ("extended", "extended")
    assert play["played_at"] == MINUTE + 31
    assert play["identity"] != play["cover"]
    assert play["cover"] == parse(file_of(account_row())).plays.cover[0]
    assert (play["album_name"], play["track_uri"], play["platform"], play["skipped"]) == (
        "Smoke",
        "spotify:track:1",
        "ios",
        True,
    )


def test_an_episode_is_a_track_and_its_show_an_artist() -> None:
    episode = extended_row(
        **NO_TRACK, episode_name="#1", episode_show_name="Weekly", spotify_episode_uri="spotify:episode:1"
    )
    play = only(parse(file_of(episode)))
    assert (play["content_type"], play["track_name"], play["artist_name"]) == ("podcast", "#1", "Weekly")
    assert (play["track_uri"], play["album_name"]) == ("spotify:episode:1", None)
    account = {"endTime": "2024-09-07 09:52", "podcastName": "Weekly", "episodeName": "#1", "msPlayed": 124_979}
    same = only(parse(file_of(account)))
    assert (same["content_type"], same["cover"]) == ("podcast", play["cover"])


def test_a_chapter_is_a_track_its_book_an_album_and_its_author_an_artist() -> None:
    chapter = {
        "audiobook_title": "Book",
        "audiobook_chapter_title": "One",
        "audiobook_chapter_uri": "spotify:chapter:1",
    }
    play = only(parse(file_of(extended_row(**NO_TRACK, **chapter))))
    assert play["content_type"] == "audiobook"
    assert (play["track_name"], play["album_name"], play["artist_name"]) == ("One", "Book", "Book")
    assert play["track_uri"] == "spotify:chapter:1"
    account = {"endTime": "2024-09-07 09:52", "audiobookName": "Book", "chapterName": "One", "msPlayed": 124_979}
    same = only(parse(file_of(account | {"authorName": "A. Writer"})))
    assert (same["artist_name"], same["album_name"], same["cover"]) == ("A. Writer", "Book", play["cover"])
    assert only(parse(file_of(account)))["artist_name"] == "Book"


@pytest.mark.parametrize("name", ["Streaming_History_Video_2021.json", "MyData/endvideo_0.json", "ENDVIDEO.json"])
def test_a_track_in_a_file_of_videos_is_a_video(name: str) -> None:
    episode = extended_row(**NO_TRACK, episode_name="#1", episode_show_name="Weekly")
    assert parse(file_of(extended_row(), episode), name).plays.content_type == ["video", "podcast"]


@pytest.mark.parametrize("name", ["", "Streaming_History_Audio_2021.json", "endvideo/x.json", "my endvideo"])
def test_a_track_in_any_other_file_is_music(name: str) -> None:
    assert parse(file_of(extended_row()), name).plays.content_type == ["music"]


def test_unknown_fields_are_ignored_and_optional_ones_may_be_absent() -> None:
    row = extended_row(
        future={"a": [1, None, {"b": 1e5}]}, platform=..., skipped=..., episode_name=..., audiobook_title=...
    )
    play = only(parse(file_of(row)))
    assert (play["platform"], play["skipped"]) == (None, None)


def test_exact_duplicates_are_merged_and_the_first_row_stays() -> None:
    parsed = parse(
        file_of(extended_row(), extended_row(skipped=True, master_metadata_album_album_name="Other"), extended_row())
    )
    assert (parsed.total_rows, len(parsed.plays), parsed.merged_rows) == (3, 1, 2)
    assert (only(parsed)["album_name"], only(parsed)["more_covers"]) == ("Smoke", ())


def test_a_duplicate_under_another_name_leaves_its_cover() -> None:
    drifted = [
        extended_row(master_metadata_track_name=name) for name in ("Ashes", "Embers", "ASHES", "Embers", "Coals")
    ]
    play = only(parse(file_of(*drifted)))
    others = [parse(file_of(row)).plays.cover[0] for row in (drifted[1], drifted[4])]
    assert play["more_covers"] == tuple(others)
    assert play["track_name"] == "Ashes"


def test_account_rows_are_merged_by_folded_names() -> None:
    parsed = parse(file_of(account_row(), account_row(trackName=" ASHES "), account_row(msPlayed=1)))
    assert (len(parsed.plays), parsed.merged_rows) == (2, 1)


def test_plays_of_one_second_that_differ_stay_apart() -> None:
    rows = [extended_row(), extended_row(ms_played=1), extended_row(spotify_track_uri="spotify:track:2")]
    assert len(parse(file_of(*rows)).plays) == 3


def test_without_a_uri_the_folded_names_are_the_content() -> None:
    rows = [
        extended_row(spotify_track_uri=uri, master_metadata_track_name=name)
        for uri, name in [(None, "Ashes"), ("", "ashes "), (None, "Embers")]
    ]
    parsed = parse(file_of(*rows))
    assert (len(parsed.plays), parsed.merged_rows) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "track", "artist"),
    [
        ({"master_metadata_track_name": None}, "Unknown Track", "The Paper Foxes"),
        ({"master_metadata_album_artist_name": ""}, "Ashes", "Unknown Artist"),
        ({"master_metadata_album_artist_name": None, "spotify_track_uri": None}, "Ashes", "Unknown Artist"),
    ],
)
def test_a_row_with_one_of_its_names_is_kept(changes: dict[str, Any], track: str, artist: str) -> None:
    play = only(parse(file_of(extended_row(**changes))))
    assert (play["track_name"], play["artist_name"]) == (track, artist)


def test_the_unknown_artist_of_account_data_is_kept_and_counted() -> None:
    play = only(parse(file_of(account_row(artistName="Unknown Artist", trackName="Unknown Track"))))
    assert (play["artist_name"], play["ms_played"]) == ("Unknown Artist", 124_979)


def test_names_are_kept_as_they_are_written() -> None:
    name = " Cafe\u0301 \u200b🎈\t"
    assert only(parse(file_of(account_row(trackName=name))))["track_name"] == name


def test_rows_without_any_name_have_no_content() -> None:
    blank = {"master_metadata_track_name": "  ", "master_metadata_album_artist_name": "\t"}
    rows = [
        extended_row(**NO_TRACK),
        extended_row(**NO_TRACK | {"spotify_track_uri": "spotify:track:1"}),
        extended_row(**blank),
    ]
    assert rejections(*rows) == {"no_content": 3}
    assert account_rejections(account_row(artistName="", trackName=" ")) == {"no_content": 1}


@pytest.mark.parametrize("row", [None, 1, 1.5, True, "text", [], [{}]])
def test_a_row_that_is_no_object_is_rejected_as_such(row: object) -> None:
    assert rejections(row) == {"not_an_object": 1}


@pytest.mark.parametrize("field", ["ts", "ms_played"])
@pytest.mark.parametrize("value", [..., None])
def test_an_extended_row_without_time_or_length_misses_a_field(field: str, value: object) -> None:
    assert rejections(extended_row(**{field: value})) == {"missing_field": 1}


@pytest.mark.parametrize("field", ["endTime", "artistName", "trackName", "msPlayed"])
@pytest.mark.parametrize("value", [..., None])
def test_an_account_row_needs_all_of_its_fields(field: str, value: object) -> None:
    assert account_rejections(account_row(**{field: value})) == {"missing_field": 1}


@pytest.mark.parametrize(
    "time", ["", "yesterday", 1_725_702_751, ["2024"], "1999-12-31T23:59:59Z", "2024-09-07 09:52", "\ud800"]
)
def test_a_time_that_cannot_be_read_is_a_bad_time(time: object) -> None:
    content = json.dumps([extended_row(ts="2020-01-01T00:00:00Z"), extended_row(ts=time)]).encode()
    assert parse(content).rejections == {"bad_time": 1}


@pytest.mark.parametrize("length", [-1, 86_400_001, 10**30, 1.0, 1e400, True, "1", [1]])
def test_a_length_that_is_no_sensible_integer_is_rejected(length: object) -> None:
    content = json.dumps([extended_row(ts="2020-01-01T00:00:00Z"), extended_row(ms_played="LENGTH")])
    written = "1e400" if length == math.inf else json.dumps(length)
    assert parse(content.replace('"LENGTH"', written).encode()).rejections == {"bad_ms_played": 1}


def test_lengths_of_nothing_and_of_a_whole_day_are_kept() -> None:
    assert parse(file_of(extended_row(ms_played=0), extended_row(ms_played=86_400_000))).plays.ms_played == [
        0,
        86_400_000,
    ]


TEXTS = [
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
    "spotify_track_uri",
]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", ["a\0b", "x" * 4097, 5, ["a"], "\ud800", "\udc00\ud800", "\\\udfff"])
def test_a_text_that_cannot_be_stored_costs_its_row(field: str, value: object) -> None:
    content = json.dumps([extended_row(ts="2020-01-01T00:00:00Z"), extended_row(**{field: value})]).encode()
    parsed = parse(content)
    assert (len(parsed.plays), parsed.rejections) == (1, {"bad_text": 1})


def test_bytes_that_are_not_utf8_cost_their_row() -> None:
    good = json.dumps([extended_row(), extended_row(ms_played=1, master_metadata_track_name="NAME")]).encode()
    parsed = parse(good.replace(b"NAME", b"caf\xe9"))
    assert (len(parsed.plays), parsed.rejections) == (1, {"bad_text": 1})


@pytest.mark.parametrize("text", [r"\ud83c\udf88", r"\\ud800", r"\\\\udc00", r"\ud7ff", r"a\\\ud83c\udf88"])
def test_sound_escapes_survive_beside_a_lone_surrogate(text: str) -> None:
    content = json.dumps(
        [extended_row(ms_played=1, master_metadata_track_name="BAD"), extended_row(master_metadata_track_name="TEXT")]
    )
    content = content.replace("BAD", r"\ud800").replace("TEXT", text)
    parsed = parse(content.encode())
    assert parsed.rejections == {"bad_text": 1}
    assert parsed.plays.track_name == [json.loads(f'"{text}"')]


def test_a_bad_text_in_a_field_that_nobody_needs_costs_nothing() -> None:
    row = extended_row(username="\ud800", conn_country="\0", reason_end=17)
    assert len(parse(json.dumps([row]).encode()).plays) == 1


@pytest.mark.parametrize(
    ("field", "value"), [("platform", 5), ("platform", "\ud800"), ("skipped", "yes"), ("skipped", 1)]
)
def test_a_hint_that_cannot_be_read_is_left_out(field: str, value: object) -> None:
    play = only(parse(json.dumps([extended_row(**{field: value})]).encode()))
    assert play[field] in {None, "other"}
    assert play["track_name"] == "Ashes"


def test_of_several_faults_the_first_of_the_list_is_told() -> None:
    rows = [
        extended_row(ts=1, ms_played="1", master_metadata_track_name=5),
        extended_row(ms_played="1", master_metadata_track_name=5),
        extended_row(ts=..., ms_played=-1),
        extended_row(ts="x", ms_played=-1),
    ]
    assert rejections(*rows) == {"bad_time": 2, "bad_ms_played": 1, "missing_field": 1}


def test_numbers_add_up_in_a_file_with_everything() -> None:
    rows = [
        extended_row(),
        extended_row(),
        None,
        extended_row(ts="x"),
        extended_row(**NO_TRACK),
        {},
        extended_row(ms_played=1),
    ]
    parsed = parse(file_of(*rows))
    assert parsed.rejections == {"not_an_object": 1, "bad_time": 1, "no_content": 1, "missing_field": 1}
    assert parsed.total_rows == 7 == len(parsed.plays) + parsed.merged_rows + sum(parsed.rejections.values())
    assert [(each.row, each.reason.value) for each in parsed.rejected_rows] == [
        (3, "not_an_object"),
        (4, "bad_time"),
        (5, "no_content"),
        (6, "missing_field"),
    ]


def test_the_first_hundred_rejected_rows_are_told_with_their_places_across_blocks() -> None:
    padding = "x" * 30_000
    rows = [account_row(msPlayed=-1 if number % 3 else number, unknown=padding) for number in range(400)]
    parsed = parse(file_of(*rows))
    assert parsed.rejections == {"bad_ms_played": 266}
    assert [each.row for each in parsed.rejected_rows] == [number + 1 for number in range(400) if number % 3][:100]


def test_every_column_has_one_entry_a_play_and_parts_are_slices() -> None:
    plays = parse(file_of(*[extended_row(ms_played=length) for length in range(10)])).plays
    assert {len(getattr(plays, name)) for name in plays.__slots__} == {10}
    part = plays.part(4, 6)
    assert part.ms_played == [4, 5]
    assert {len(getattr(part, name)) for name in part.__slots__} == {2}


def test_no_personal_field_gets_through() -> None:
    row = extended_row(username="canary-name", user_agent_decrypted="canary-agent", platform="iOS 15 (canary-device)")
    assert "canary" not in repr(parse(file_of(row)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_give_the_same_plays(encoding: str) -> None:
    text = json.dumps([account_row(trackName="Ёлочный 🎈")], ensure_ascii=False)
    assert parse(text.encode(encoding)) == parse(text.encode())


def test_a_lone_surrogate_in_utf16_costs_its_row() -> None:
    text = "[" + json.dumps(account_row(trackName="\ud800"), ensure_ascii=False) + "," + json.dumps(account_row()) + "]"
    parsed = parse(text.encode("utf-16", "surrogatepass"))
    assert (len(parsed.plays), parsed.rejections) == (1, {"bad_text": 1})


def test_plays_and_errors_travel_between_processes() -> None:
    parsed = parse(file_of(extended_row(), None))
    assert pickle.loads(pickle.dumps(parsed)) == parsed
    with pytest.raises(ExportError) as caught:
        parse(b"{}")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.reason, again.message) == (caught.value.reason, caught.value.message)


def test_a_file_without_rows_has_no_plays() -> None:
    parsed = parse(b"[]")
    assert (parsed.format, parsed.total_rows, len(parsed.plays)) == ("empty", 0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (b"\n", Reason.EMPTY_FILE),
        (b"{}", Reason.NOT_A_HISTORY),
        (b"[1]", Reason.NOT_A_HISTORY),
        (b"hello", Reason.NOT_JSON),
        (file_of(account_row())[:-20], Reason.NOT_JSON),
        (file_of(account_row())[1:], Reason.NOT_JSON),
        (file_of(account_row()) + b"x", Reason.NOT_JSON),
        (b"[" * 100_000, Reason.TOO_DEEP),
        (file_of(account_row()).decode().encode("utf-16")[:-1], Reason.NOT_JSON),
    ],
)
def test_a_file_that_will_never_be_read_is_refused_with_a_reason(content: bytes, reason: Reason) -> None:
    with pytest.raises(ExportError) as caught:
        parse(content)
    assert caught.value.reason is reason


def test_a_large_file_of_another_shape_is_no_history_and_a_broken_one_is_not_json() -> None:
    rows = [{"searchTime": "x", "searchQuery": "y"}] * 10_000
    for content, reason in ((file_of(*rows), Reason.NOT_A_HISTORY), (file_of(*rows) + b"x", Reason.NOT_JSON)):
        with pytest.raises(ExportError) as caught:
            parse(content)
        assert caught.value.reason is reason
