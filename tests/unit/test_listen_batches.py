"""What a worker says of a file is checked before anything is stored; a refusal names field, limit and value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from coordinator import listen_domain as domain
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.listen_domain import FileSummary, PlayColumns, Source
from coordinator.wire.listen_batches import file_summary, play_columns
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from protos.uploads.v1.upload_pb2 import RejectedRow, RejectionCount

_SECOND = 1_700_000_040


def _header(**changes: Any) -> CommitListensRequest:
    fields = {
        "job_id": b"j" * 16,
        "token": -5,
        "format": "extended",
        "source": listen_pb2.SOURCE_EXTENDED,
        "row_count": 10,
        "merged_count": 3,
        "rejections": [RejectionCount(reason="bad_time", count=2), RejectionCount(reason="bad_text", count=4)],
        "rejected_rows": [RejectedRow(row=3, reason="bad_text"), RejectedRow(row=1_000_000, reason="bad_time")],
    }
    return CommitListensRequest(header=CommitListensRequest.Header(**{**fields, **changes}))


def _batch(change: Callable[[listen_pb2.ListenBatch], object] = lambda _: None) -> CommitListensRequest:
    batch = listen_pb2.ListenBatch(
        played_at=[_SECOND, _SECOND + 60],
        ms_played=[0, 86_400_000],
        identities=b"1" * 16 + b"2" * 16,
        covers=b"1" * 16 + b"2" * 16,
        content_types=[listen_pb2.CONTENT_TYPE_MUSIC, listen_pb2.CONTENT_TYPE_VIDEO],
        track_names=["Song", "x" * 2_000],
        artist_names=["Band", ""],
        album_names=["", "Album"],
        track_uris=["uri", ""],
        platforms=["", "ios"],
        skipped=[listen_pb2.SKIPPED_UNSPECIFIED, listen_pb2.SKIPPED_NO],
    )
    change(batch)
    return CommitListensRequest(batch=batch)


def test_a_header_says_what_the_file_is() -> None:
    assert file_summary(_header(), max_rows=10) == FileSummary(
        lease=file_summary(_header(), max_rows=10).lease,
        format="extended",
        source=Source.EXTENDED,
        row_count=10,
        merged_count=3,
        rejections={"bad_time": 2, "bad_text": 4},
        rejected_rows=[domain.RejectedRow(3, "bad_text"), domain.RejectedRow(1_000_000, "bad_time")],
    )
    lease = file_summary(_header(), max_rows=10).lease
    assert (lease.job_id, lease.token) == (UUID(bytes=b"j" * 16), -5)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("job_id", {"job_id": b"j" * 15}),
        ("format", {"format": ""}),
        ("format", {"format": "My file.json"}),
        ("source", {"source": listen_pb2.SOURCE_UNSPECIFIED}),
        ("source", {"source": 7}),
        ("row_count", {"row_count": -1}),
        ("merged_count", {"merged_count": -1}),
        ("merged_count", {"merged_count": 2**62}),
        ("rejections.reason", {"rejections": [RejectionCount(reason="Ann 10.0.0.1", count=1)]}),
        ("rejections.reason", {"rejections": [RejectionCount(reason="bad_time", count=1)] * 2}),
        ("rejections.count", {"rejections": [RejectionCount(reason="bad_time", count=-1)]}),
        ("rejections", {"rejections": [RejectionCount(reason="bad_time", count=1)] * 65}),
        ("rejected_rows.reason", {"rejected_rows": [RejectedRow(row=1, reason="no_content")]}),
        ("rejected_rows.reason", {"rejected_rows": [RejectedRow(row=1, reason="Ann 10.0.0.1")]}),
        ("rejected_rows.row", {"rejected_rows": [RejectedRow(row=0, reason="bad_time")]}),
        ("rejected_rows.row", {"rejected_rows": [RejectedRow(row=2, reason="bad_time")] * 2}),
        ("rejected_rows", {"rejected_rows": [RejectedRow(row=row, reason="bad_time") for row in range(1, 102)]}),
    ],
)
def test_a_bad_header_is_refused_by_name(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        file_summary(_header(**changes), max_rows=10)
    assert refused.value.metadata["field"] == field


def test_more_rows_than_a_file_may_have_are_too_large() -> None:
    with pytest.raises(PayloadTooLarge) as refused:
        file_summary(_header(row_count=11), max_rows=10)
    assert refused.value.metadata == {"field": "row_count", "limit": "10", "value": "11"}


def test_a_second_header_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        play_columns(_header(), Source.EXTENDED)
    assert refused.value.metadata["field"] == "batch"


def test_a_batch_is_taken_as_it_was_sent() -> None:
    def add_covers(batch: listen_pb2.ListenBatch) -> None:
        batch.extra_cover_rows[:] = [1, 0, 1]
        batch.extra_covers = b"a" * 16 + b"b" * 16 + b"c" * 16

    plays = play_columns(_batch(add_covers), Source.EXTENDED)
    assert plays == PlayColumns(
        played_at=plays.played_at,
        ms_played=plays.ms_played,
        identities=b"1" * 16 + b"2" * 16,
        covers=b"1" * 16 + b"2" * 16,
        content_types=["music", "video"],
        track_names=["Song", "x" * 2_000],
        artist_names=["Band", ""],
        album_names=["", "Album"],
        track_uris=["uri", ""],
        platforms=plays.platforms,
        skipped=[None, False],
        extra_covers={1: [b"a" * 16, b"c" * 16], 0: [b"b" * 16]},
    )
    assert list(plays.played_at) == [_SECOND, _SECOND + 60]
    assert list(plays.ms_played) == [0, 86_400_000]
    assert list(plays.platforms) == ["", "ios"]
    assert len(plays) == 2


def _change(column: str, place: int, value: Any) -> Callable[[listen_pb2.ListenBatch], object]:
    return lambda batch: getattr(batch, column).__setitem__(place, value)


def _longer(column: str) -> Callable[[listen_pb2.ListenBatch], object]:
    return lambda batch: getattr(batch, column).append(getattr(batch, column)[0])


def _set(**fields: Any) -> Callable[[listen_pb2.ListenBatch], object]:
    return lambda batch: batch.MergeFrom(listen_pb2.ListenBatch(**fields))


@pytest.mark.parametrize(
    "column",
    [
        "ms_played",
        "content_types",
        "track_names",
        "artist_names",
        "album_names",
        "track_uris",
        "platforms",
        "skipped",
    ],
)
def test_a_column_of_another_length_is_refused_by_name(column: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        play_columns(_batch(_longer(column)), Source.EXTENDED)
    assert refused.value.metadata == {"field": column, "limit": "2", "value": "3"}


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("identities", _set(identities=b"1" * 31)),
        ("covers", _set(covers=b"1" * 48)),
        ("extra_covers", _set(extra_cover_rows=[0])),
        ("extra_covers", _set(extra_covers=b"1" * 16)),
        ("extra_cover_rows", _set(extra_cover_rows=[2], extra_covers=b"1" * 16)),
        ("extra_cover_rows", _set(extra_cover_rows=[-1], extra_covers=b"1" * 16)),
        ("played_at[1]", _change("played_at", 1, 946_684_799)),
        ("played_at[0]", _change("played_at", 0, 4_133_980_800)),
        ("ms_played[1]", _change("ms_played", 1, 86_400_001)),
        ("ms_played[0]", _change("ms_played", 0, -1)),
        ("content_types[1]", _change("content_types", 1, 0)),
        ("content_types[1]", _change("content_types", 1, 9)),
        ("skipped[0]", _change("skipped", 0, 3)),
        ("track_names[1]", _change("track_names", 1, "x" * 2_001)),
        ("artist_names[1]", _change("artist_names", 1, "a\0b")),
        ("album_names[0]", _change("album_names", 0, "\0")),
        ("track_uris[1]", _change("track_uris", 1, "x" * 2_001)),
        ("platforms", _change("platforms", 0, "iOS 12.1 (iPhone9,3)")),
        ("platforms", _change("platforms", 0, "x" * 17)),
    ],
)
def test_a_bad_play_is_refused_by_column_and_place(
    field: str, change: Callable[[listen_pb2.ListenBatch], object]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        play_columns(_batch(change), Source.EXTENDED)
    assert refused.value.metadata["field"] == field


def test_a_refusal_never_repeats_what_may_be_personal() -> None:
    with pytest.raises(InvalidRequest) as refused:
        play_columns(_batch(_change("platforms", 0, "device 4f2a-Ann")), Source.EXTENDED)
    assert "Ann" not in refused.value.message + str(refused.value.metadata)


def test_a_batch_without_plays_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        play_columns(CommitListensRequest(batch=listen_pb2.ListenBatch()), Source.EXTENDED)
    assert refused.value.metadata["field"] == "played_at"


def test_the_first_and_the_last_second_are_taken() -> None:
    edges = play_columns(
        _batch(lambda batch: batch.played_at.__setitem__(slice(None), [946_684_800, 4_133_980_799])),
        Source.EXTENDED,
    )
    assert len(edges) == 2


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("covers", _set(covers=b"3" * 32)),
        ("played_at[1]", _change("played_at", 1, _SECOND + 1)),
        ("extra_cover_rows", _set(extra_cover_rows=[0], extra_covers=b"1" * 16)),
    ],
)
def test_account_rows_have_whole_minutes_and_one_name(
    field: str, change: Callable[[listen_pb2.ListenBatch], object]
) -> None:
    assert len(play_columns(_batch(), Source.ACCOUNT)) == 2
    with pytest.raises(InvalidRequest) as refused:
        play_columns(_batch(change), Source.ACCOUNT)
    assert refused.value.metadata["field"] == field
