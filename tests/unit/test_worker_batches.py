"""Plays on their way into CommitListens."""

from __future__ import annotations

import io
import json

import pytest

from export_formats import ExportError, FileSummary, Plays, parse
from export_formats.plays import Play
from ingest_worker.listen_batches import MAX_BYTES, serialized_batches
from ingest_worker.parsing import BytesRead, parse_file
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest

LIMIT = 1_000_000


def play(number: int, **other: object) -> Play:
    """A play that differs from the others by its number."""
    values = {
        "played_at": 1_700_000_000 + number,
        "ms_played": 1_000 + number,
        "identity": number.to_bytes(16, "big"),
        "cover": (number + 1_000_000).to_bytes(16, "big"),
        "more_covers": (),
        "content_type": "music",
        "track_name": f"track {number}",
        "artist_name": f"artist {number}",
        "album_name": None,
        "track_uri": None,
        "platform": None,
        "skipped": None,
        **other,
    }
    return tuple(values.values())  # type: ignore[return-value]


def plays_of(*listed: Play) -> Plays:
    plays = Plays()
    plays.extend(list(listed))
    return plays


def batches_of(plays: Plays) -> list[listen_pb2.ListenBatch]:
    return [CommitListensRequest.FromString(request).batch for request in serialized_batches(plays)]


def test_every_column_of_a_play_arrives() -> None:
    plays = plays_of(
        play(1, content_type="podcast", album_name="album", track_uri="uri", platform="ios", skipped=True),
        play(2, more_covers=(b"c" * 16, b"d" * 16), skipped=False),
        play(3),
    )
    (batch,) = batches_of(plays)
    assert list(batch.played_at) == plays.played_at
    assert list(batch.ms_played) == plays.ms_played
    assert batch.identities == b"".join(plays.identity)
    assert batch.covers == b"".join(plays.cover)
    music, podcast = listen_pb2.CONTENT_TYPE_MUSIC, listen_pb2.CONTENT_TYPE_PODCAST
    assert list(batch.content_types) == [podcast, music, music]
    assert list(batch.track_names) == plays.track_name
    assert list(batch.artist_names) == plays.artist_name
    assert list(batch.album_names) == ["album", "", ""]
    assert list(batch.track_uris) == ["uri", "", ""]
    assert list(batch.platforms) == ["ios", "", ""]
    assert list(batch.skipped) == [listen_pb2.SKIPPED_YES, listen_pb2.SKIPPED_NO, listen_pb2.SKIPPED_UNSPECIFIED]
    assert list(batch.extra_cover_rows) == [1, 1]
    assert batch.extra_covers == b"c" * 16 + b"d" * 16


def test_batches_have_at_most_five_thousand_rows_and_lose_none() -> None:
    plays = plays_of(*(play(number) for number in range(12_345)))
    batches = batches_of(plays)
    assert [len(batch.played_at) for batch in batches] == [5_000, 5_000, 2_345]
    assert [time for batch in batches for time in batch.played_at] == plays.played_at


def test_batches_of_long_rows_keep_within_a_mebibyte_and_lose_none() -> None:
    long = {"track_name": "ä" * 2_000, "artist_name": "ö" * 2_000, "album_name": "ü" * 2_000}
    plays = plays_of(*(play(number, **long, more_covers=(number.to_bytes(16, "big"),)) for number in range(1_000)))
    requests = list(serialized_batches(plays))
    assert max(map(len, requests)) <= MAX_BYTES
    batches = [CommitListensRequest.FromString(request).batch for request in requests]
    assert [time for batch in batches for time in batch.played_at] == plays.played_at
    for batch in batches:
        assert list(batch.extra_cover_rows) == list(range(len(batch.played_at)))
    covers = b"".join(batch.extra_covers for batch in batches)
    assert covers == b"".join(cover for more in plays.more_covers for cover in more)


def test_a_file_without_plays_has_figures_and_no_batch() -> None:
    (summary,) = parse_file(io.BytesIO(b"[]"), "StreamingHistory0.json", LIMIT)
    assert summary == FileSummary("empty", "account", 0, 0, 0, {}, ())


def test_the_figures_add_up_to_the_files_rows() -> None:
    good = {"endTime": "2024-01-01 10:00", "artistName": "a", "trackName": "t", "msPlayed": 1_000}
    bad = {**good, "endTime": "yesterday"}
    content = json.dumps([good, good, bad, {**good, "msPlayed": 2_000}]).encode()
    summary, *batches = parse_file(io.BytesIO(content), "StreamingHistory0.json", LIMIT)
    assert isinstance(summary, FileSummary)
    assert (summary.play_count, summary.merged_rows, summary.rejections) == (2, 1, {"bad_time": 1})
    assert summary.source == "account"
    assert len(batches) == 1


def test_a_name_that_comes_later_is_sent_with_the_play_that_it_is_a_name_of() -> None:
    def row(number: int, name: str = "t") -> dict[str, object]:
        names = {"master_metadata_track_name": name, "master_metadata_album_artist_name": "a"}
        return {"ts": "2024-01-01T10:00:30Z", "ms_played": number, "spotify_track_uri": f"u{number}", **names}

    rows = [row(number) for number in range(12_000)]
    content = json.dumps([*rows, row(5_003, "other"), row(11_000, "another")]).encode()
    _, *batches = [
        piece for piece in parse_file(io.BytesIO(content), "", LIMIT * 100) if not isinstance(piece, BytesRead)
    ]
    found = [CommitListensRequest.FromString(piece).batch for piece in batches if isinstance(piece, bytes)]
    assert [[batch.ms_played[row] for row in batch.extra_cover_rows] for batch in found] == [[], [5_003], [11_000]]
    expected = {
        number: parse(json.dumps([row(number, name)]).encode()).plays.cover[0]
        for number, name in ((5_003, "other"), (11_000, "another"))
    }
    assert [batch.extra_covers for batch in found] == [b"", expected[5_003], expected[11_000]]


def test_no_personal_field_of_a_row_is_sent() -> None:
    personal = {
        "username": "SECRET-user",
        "ip_addr": "203.0.113.9",
        "ip_addr_decrypted": "203.0.113.9",
        "user_agent_decrypted": "SECRET-agent",
        "platform": "iOS 17.1 (SECRET-device)",
        "conn_country": "SECRET-country",
    }
    row = {
        "ts": "2024-01-01T10:00:30Z",
        "ms_played": 1_000,
        "master_metadata_track_name": "t",
        "master_metadata_album_artist_name": "a",
        "master_metadata_album_album_name": "b",
        "spotify_track_uri": "spotify:track:1",
        **personal,
    }
    content = json.dumps([row]).encode()
    assert len(parse(content, "endsong_0.json").plays) == 1
    sent = b"".join(
        piece if isinstance(piece, bytes) else repr(piece).encode()
        for piece in parse_file(io.BytesIO(content), "", LIMIT)
    )
    assert b"spotify:track:1" in sent
    assert b"SECRET" not in sent
    assert b"203.0.113.9" not in sent


def test_a_file_that_is_no_history_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ExportError):
        next(parse_file(io.BytesIO(b'{"a": 1}'), "StreamingHistory0.json", LIMIT))
