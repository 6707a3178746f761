"""Plays as the messages of CommitListens. Runs in the isolated processes: it must not come near grpc."""

from __future__ import annotations

from collections.abc import Iterator

from export_formats import Plays
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import CommitListensRequest

MAX_ROWS = 5_000
MAX_BYTES = 1024 * 1024

CONTENT_TYPES = {
    "music": listen_pb2.CONTENT_TYPE_MUSIC,
    "podcast": listen_pb2.CONTENT_TYPE_PODCAST,
    "audiobook": listen_pb2.CONTENT_TYPE_AUDIOBOOK,
    "video": listen_pb2.CONTENT_TYPE_VIDEO,
}
SKIPPED = {
    None: listen_pb2.SKIPPED_UNSPECIFIED,
    False: listen_pb2.SKIPPED_NO,
    True: listen_pb2.SKIPPED_YES,
}


def serialized_batches(plays: Plays) -> Iterator[bytes]:
    """Yields the plays as serialized requests of at most 5,000 rows and, but for a single huge row, 1 MiB."""
    for start in range(0, len(plays), MAX_ROWS):
        yield from _split(plays.part(start, start + MAX_ROWS))


def _split(plays: Plays) -> Iterator[bytes]:
    request = CommitListensRequest(batch=_batch(plays)).SerializeToString()
    if len(request) <= MAX_BYTES or len(plays) == 1:
        yield request
        return
    half = len(plays) // 2
    yield from _split(plays.part(0, half))
    yield from _split(plays.part(half, len(plays)))


def _batch(plays: Plays) -> listen_pb2.ListenBatch:
    extra = [(row, cover) for row, covers in enumerate(plays.more_covers) for cover in covers]
    return listen_pb2.ListenBatch(
        played_at=plays.played_at,
        ms_played=plays.ms_played,
        identities=b"".join(plays.identity),
        covers=b"".join(plays.cover),
        content_types=[CONTENT_TYPES[content_type] for content_type in plays.content_type],
        track_names=plays.track_name,
        artist_names=plays.artist_name,
        album_names=[name or "" for name in plays.album_name],
        track_uris=[uri or "" for uri in plays.track_uri],
        platforms=[platform or "" for platform in plays.platform],
        skipped=[SKIPPED[skipped] for skipped in plays.skipped],
        extra_cover_rows=[row for row, _ in extra],
        extra_covers=b"".join(cover for _, cover in extra),
    )
