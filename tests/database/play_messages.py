"""Plays as a worker sends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from coordinator.domain import Lease
from export_formats.identity import content_of_uri, fold, make_cover, make_extended_identity, measured
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest
from protos.uploads.v1.upload_pb2 import RejectedRow, RejectionCount

NOON = int(datetime(2024, 3, 1, 12, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Play:
    """One play of either family; `also_seen_as` are further names of its track in the same file."""

    track: str = "Song"
    artist: str = "Band"
    second: int = NOON
    ms_played: int = 180_000
    album: str = ""
    uri: str = ""
    content_type: listen_pb2.ContentType.ValueType = listen_pb2.CONTENT_TYPE_MUSIC
    also_seen_as: tuple[str, ...] = ()

    @property
    def cover(self) -> bytes:
        return self._cover(self.track)

    @property
    def extra_covers(self) -> list[bytes]:
        return [self._cover(track) for track in self.also_seen_as]

    @property
    def extended_identity(self) -> bytes:
        uri = self.uri or f"spotify:track:{self.artist}:{self.track}"
        return make_extended_identity(self.second, self.ms_played, content_of_uri(uri))

    def _cover(self, track: str) -> bytes:
        names = measured(fold(self.artist)) + measured(fold(track))
        return make_cover(self.second - self.second % 60, self.ms_played, names)


@dataclass(frozen=True, slots=True)
class File:
    """What a worker read off one file."""

    plays: Sequence[Play] = ()
    source: listen_pb2.Source.ValueType = listen_pb2.SOURCE_EXTENDED
    merged_count: int = 0
    rejections: Mapping[str, int] | None = None
    rejected_rows: Sequence[tuple[int, str]] = ()

    def header(self, lease: Lease) -> CommitListensRequest.Header:
        """Gives the first message."""
        extended = self.source == listen_pb2.SOURCE_EXTENDED
        return CommitListensRequest.Header(
            job_id=lease.job_id.bytes,
            token=lease.token,
            format="extended" if extended else "account_music",
            source=self.source,
            row_count=len(self.plays),
            merged_count=self.merged_count,
            rejections=[
                RejectionCount(reason=reason, count=count) for reason, count in (self.rejections or {}).items()
            ],
            rejected_rows=[RejectedRow(row=row, reason=reason) for row, reason in self.rejected_rows],
        )

    def requests(self, lease: Lease, *, batch_rows: int = 10_000) -> Iterator[CommitListensRequest]:
        """Gives the whole stream."""
        yield CommitListensRequest(header=self.header(lease))
        for start in range(0, len(self.plays), batch_rows):
            yield CommitListensRequest(batch=batch_of(self.plays[start : start + batch_rows], self.source))


def extended(*plays: Play) -> File:
    """Makes a file of the extended history."""
    return File(plays)


def account(*plays: Play) -> File:
    """Makes a file of the account data."""
    return File(plays, listen_pb2.SOURCE_ACCOUNT)


def batch_of(plays: Sequence[Play], source: listen_pb2.Source.ValueType) -> listen_pb2.ListenBatch:
    """Puts plays into columns."""
    extended = source == listen_pb2.SOURCE_EXTENDED
    extra = [(place, cover) for place, play in enumerate(plays) for cover in play.extra_covers]
    return listen_pb2.ListenBatch(
        played_at=[play.second if extended else play.second - play.second % 60 for play in plays],
        ms_played=[play.ms_played for play in plays],
        identities=b"".join(play.extended_identity if extended else play.cover for play in plays),
        covers=b"".join(play.cover for play in plays),
        content_types=[play.content_type for play in plays],
        track_names=[play.track for play in plays],
        artist_names=[play.artist for play in plays],
        album_names=[play.album for play in plays],
        track_uris=[play.uri for play in plays],
        platforms=["ios"] * len(plays),
        skipped=[listen_pb2.SKIPPED_NO] * len(plays),
        extra_cover_rows=[place for place, _ in extra],
        extra_covers=b"".join(cover for _, cover in extra),
    )
