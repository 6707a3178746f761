"""CommitListens between wire and domain: the header, the batches, the outcome."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from coordinator.domain import Lease
from coordinator.errors import InvalidRequest, PayloadTooLarge
from coordinator.ids import id_from_bytes
from coordinator.listen_domain import (
    FIRST_PLAY_TIME,
    PLAY_TIME_END,
    CommitOutcome,
    FileSummary,
    PlayColumns,
    RejectedRow,
    Source,
)
from coordinator.wire.checks import check_count, check_range
from protos.listens.v1 import listen_pb2
from protos.listens.v1 import listen_service_pb2 as messages
from protos.uploads.v1 import upload_pb2
from protos.uploads.v1.upload_pb2 import RejectionCount

CONTENT_TYPES: Final[Mapping[int, str]] = {
    listen_pb2.CONTENT_TYPE_MUSIC: "music",
    listen_pb2.CONTENT_TYPE_PODCAST: "podcast",
    listen_pb2.CONTENT_TYPE_AUDIOBOOK: "audiobook",
    listen_pb2.CONTENT_TYPE_VIDEO: "video",
}

_SOURCES: Final[Mapping[int, Source]] = {
    listen_pb2.SOURCE_ACCOUNT: Source.ACCOUNT,
    listen_pb2.SOURCE_EXTENDED: Source.EXTENDED,
}
_SKIPPED: Final[Mapping[int, bool | None]] = {
    listen_pb2.SKIPPED_UNSPECIFIED: None,
    listen_pb2.SKIPPED_NO: False,
    listen_pb2.SKIPPED_YES: True,
}

_HASH_BYTES = 16
MAX_MS_PLAYED = 86_400_000
MAX_CHARACTERS = 2_000
_MAX_REASONS = 64
_MAX_REJECTED_ROWS = 100
# More rows than the largest file has, and all sums of it fit into a bigint.
_MAX_COUNT = 10**12
FIRST_SECOND = int(FIRST_PLAY_TIME.timestamp())
LAST_SECOND = int(PLAY_TIME_END.timestamp()) - 1

_LISTS = (
    "ms_played",
    "content_types",
    "track_names",
    "artist_names",
    "album_names",
    "track_uris",
    "platforms",
    "skipped",
)
_HASHES = ("identities", "covers")
_TEXTS = ("track_names", "artist_names", "album_names", "track_uris")

# Neither has room for a name, an address or a device id.
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FAMILY = re.compile(r"[a-z_]{0,16}")


def file_summary(request: messages.CommitListensRequest, *, max_rows: int) -> FileSummary:
    """Reads the header. Raises InvalidRequest, or PayloadTooLarge for more rows than a file may have."""
    if request.WhichOneof("message") != "header":
        raise InvalidRequest("The first message must be the header.", field="header")
    header = request.header
    rejections = _rejections(header.rejections)
    if header.source not in _SOURCES:
        raise InvalidRequest("source must be account or extended.", field="source", value=header.source)
    check_range(header.row_count, "row_count", 0, _MAX_COUNT)
    check_range(header.merged_count, "merged_count", 0, _MAX_COUNT)
    if header.row_count > max_rows:
        raise PayloadTooLarge(
            f"The file has {header.row_count} rows; at most {max_rows} are taken.",
            field="row_count",
            limit=max_rows,
            value=header.row_count,
        )
    return FileSummary(
        lease=Lease(id_from_bytes(header.job_id, "job_id"), header.token),
        format=_check_word(header.format, "format"),
        source=_SOURCES[header.source],
        row_count=header.row_count,
        merged_count=header.merged_count,
        rejections=rejections,
        rejected_rows=_rejected_rows(header.rejected_rows, rejections),
    )


def _rejections(rejections: Sequence[RejectionCount]) -> dict[str, int]:
    check_count(len(rejections), "rejections", _MAX_REASONS, lowest=0)
    counts: dict[str, int] = {}
    for rejection in rejections:
        reason = _check_word(rejection.reason, "rejections.reason")
        if reason in counts:
            raise InvalidRequest(f"rejections has {reason} twice.", field="rejections.reason", value=reason)
        check_range(rejection.count, "rejections.count", 0, _MAX_COUNT)
        counts[reason] = rejection.count
    return counts


def _rejected_rows(rows: Sequence[upload_pb2.RejectedRow], rejections: Mapping[str, int]) -> list[RejectedRow]:
    check_count(len(rows), "rejected_rows", _MAX_REJECTED_ROWS, lowest=0)
    for reason in {row.reason for row in rows}.difference(rejections):
        raise InvalidRequest(
            "rejected_rows has a reason that rejections does not have.",
            field="rejected_rows.reason",
            value=_check_word(reason, "rejected_rows.reason"),
        )
    last = 0
    for row in rows:
        check_range(row.row, "rejected_rows.row", last + 1, _MAX_COUNT)
        last = row.row
    return [RejectedRow(row.row, row.reason) for row in rows]


def play_columns(request: messages.CommitListensRequest, source: Source) -> PlayColumns:
    """Reads a batch of at least one play. Raises InvalidRequest, naming the column and the play's place."""
    if request.WhichOneof("message") != "batch":
        raise InvalidRequest("After the header only batches may come.", field="batch")
    batch = request.batch
    _check_lengths(batch)
    _check_numbers(batch.played_at, "played_at", FIRST_SECOND, LAST_SECOND)
    _check_numbers(batch.ms_played, "ms_played", 0, MAX_MS_PLAYED)
    _check_known(batch.content_types, "content_types", CONTENT_TYPES)
    _check_known(batch.skipped, "skipped", _SKIPPED)
    # Lists, since a repeated field makes its strings anew each time they are read.
    texts = {name: list(getattr(batch, name)) for name in _TEXTS}
    for name, column in texts.items():
        _check_texts(column, name)
    _check_platforms(batch.platforms)
    if source is Source.ACCOUNT:
        _check_account(batch)
    return PlayColumns(
        played_at=batch.played_at,
        ms_played=batch.ms_played,
        identities=batch.identities,
        covers=batch.covers,
        content_types=[CONTENT_TYPES[value] for value in batch.content_types],
        track_names=texts["track_names"],
        artist_names=texts["artist_names"],
        album_names=texts["album_names"],
        track_uris=texts["track_uris"],
        platforms=batch.platforms,
        skipped=[_SKIPPED[value] for value in batch.skipped],
        extra_covers=_extra_covers(batch),
    )


def commit_response(outcome: CommitOutcome) -> messages.CommitListensResponse:
    """Says what became of the rows."""
    return messages.CommitListensResponse(
        inserted_records=outcome.inserted,
        duplicate_records=outcome.duplicate,
        superseded_records=outcome.superseded,
    )


def _check_lengths(batch: listen_pb2.ListenBatch) -> None:
    rows = len(batch.played_at)
    if not rows:
        raise InvalidRequest("A batch must have plays.", field="played_at", limit=1, value=0)
    lengths = {name: (len(getattr(batch, name)), rows) for name in _LISTS}
    lengths |= {name: (len(getattr(batch, name)), rows * _HASH_BYTES) for name in _HASHES}
    lengths["extra_covers"] = len(batch.extra_covers), len(batch.extra_cover_rows) * _HASH_BYTES
    for name, (length, wanted) in lengths.items():
        if length != wanted:
            raise InvalidRequest(
                f"{name} has a length of {length}; with the other columns it must be {wanted}.",
                field=name,
                limit=wanted,
                value=length,
            )


def _check_numbers(values: Sequence[int], field: str, lowest: int, highest: int) -> None:
    for value in (min(values), max(values)):
        if not lowest <= value <= highest:
            raise _bad_play(f"is {value}; {lowest} to {highest} are taken", field, list(values).index(value), value)


def _check_known(values: Sequence[int], field: str, known: Collection[int]) -> None:
    for value in set(values).difference(known):
        raise _bad_play(f"is {value}, which means nothing", field, list(values).index(value), value)


def _check_texts(texts: Sequence[str], field: str) -> None:
    if max(map(len, texts)) > MAX_CHARACTERS:
        place, length = next((i, len(text)) for i, text in enumerate(texts) if len(text) > MAX_CHARACTERS)
        problem = f"has {length} characters; at most {MAX_CHARACTERS} are taken"
        raise _bad_play(problem, field, place, length, limit=MAX_CHARACTERS)
    for place, text in enumerate(texts):
        if "\0" in text:
            raise _bad_play("holds a NUL character", field, place, "NUL")


def _check_platforms(families: Iterable[str]) -> None:
    # The value is not repeated in the error: it may be what must be nowhere.
    if not all(map(_FAMILY.fullmatch, set(families))):
        raise InvalidRequest(
            'platforms must be families such as "ios", at most 16 of the letters a-z and _.',
            field="platforms",
            limit=16,
        )


def _check_account(batch: listen_pb2.ListenBatch) -> None:
    if batch.identities != batch.covers:
        raise InvalidRequest("covers of account rows must be their identities.", field="covers")
    if batch.extra_cover_rows:
        raise InvalidRequest("Account rows are seen under one name.", field="extra_cover_rows", limit=0)
    for place, second in enumerate(batch.played_at):
        if second % 60:
            raise _bad_play("is no whole minute, as it is in account rows", "played_at", place, second)


def _extra_covers(batch: listen_pb2.ListenBatch) -> dict[int, list[bytes]]:
    covers: dict[int, list[bytes]] = {}
    for index, place in enumerate(batch.extra_cover_rows):
        check_range(place, "extra_cover_rows", 0, len(batch.played_at) - 1)
        covers.setdefault(place, []).append(batch.extra_covers[index * _HASH_BYTES :][:_HASH_BYTES])
    return covers


def _check_word(value: str, field: str) -> str:
    if not _WORD.fullmatch(value):
        raise InvalidRequest(f"{field} must be lower snake case, at most 64 characters.", field=field, limit=64)
    return value


def _bad_play(problem: str, field: str, place: int, value: object, **limit: object) -> InvalidRequest:
    return InvalidRequest(f"{field}[{place}] {problem}.", field=f"{field}[{place}]", value=value, **limit)
