"""Plays themselves, and the places where pages of them end: between wire and domain."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from coordinator.errors import InvalidRequest
from coordinator.listen_domain import Listen, ListenPlace
from coordinator.store.listen_pages import MOST_SHOWN, SHOWN_BYTES
from coordinator.wire.checks import check_range, timestamp
from coordinator.wire.listen_batches import CONTENT_TYPES
from protos.listens.v1 import listen_pb2
from protos.listens.v1 import listen_service_pb2 as messages

# Of a message; the names of a play can take 32 KiB, and the limit of a message is 4 MiB.
MESSAGE_BYTES = 3 << 20

_DEFAULT_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 500

# Whether what was shown of the minute follows; microseconds since 1970; the identity.
_PLACE = struct.Struct(">?q16s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_CONTENT_VALUES: Final = {name: listen_pb2.ContentType.ValueType(value) for value, name in CONTENT_TYPES.items()}
_SOURCES: Final = {"account": listen_pb2.SOURCE_ACCOUNT, "extended": listen_pb2.SOURCE_EXTENDED}
_SKIPPED: Final = {
    None: listen_pb2.SKIPPED_UNSPECIFIED,
    False: listen_pb2.SKIPPED_NO,
    True: listen_pb2.SKIPPED_YES,
}


def listens_page_size(size: int) -> int:
    """Reads how many plays a page has; 0 stands for the default."""
    check_range(size, "page_size", 0, _MAX_PAGE_SIZE)
    return size or _DEFAULT_PAGE_SIZE


def listen_message(play: Listen) -> listen_pb2.Listen:
    """Says a play."""
    return listen_pb2.Listen(
        played_at=timestamp(play.played_at),
        ms_played=play.ms_played,
        content_type=_CONTENT_VALUES[play.content_type],
        track_name=play.track_name,
        artist_name=play.artist_name,
        album_name=play.album_name or "",
        track_uri=play.track_uri or "",
        platform=play.platform or "",
        skipped=_SKIPPED[play.skipped],
        source=_SOURCES[play.source],
    )


def listen_groups(plays: Sequence[Listen]) -> Iterator[list[listen_pb2.Listen]]:
    """Says plays, in groups of which each fits into a message."""
    group: list[listen_pb2.Listen] = []
    size = 0
    for play in plays:
        message = listen_message(play)
        size += message.ByteSize() + 8
        if group and size > MESSAGE_BYTES:
            yield group
            group, size = [], message.ByteSize() + 8
        group.append(message)
    if group:
        yield group


def listens_response(
    listens: Sequence[listen_pb2.Listen], next_place: ListenPlace | None
) -> messages.ListListensResponse:
    """Says a page of plays."""
    return messages.ListListensResponse(listens=listens, next_page_token=_token(next_place) if next_place else "")


def _token(place: ListenPlace) -> str:
    head = _PLACE.pack(place.shown is not None, (place.played_at - _EPOCH) // _MICROSECOND, place.identity.bytes)
    return base64.urlsafe_b64encode(head + b"".join(sorted(place.shown or ()))).decode()


def listen_place(token: str) -> ListenPlace | None:
    """Reads where a page of plays begins, None for the first. Raises InvalidRequest for a token that is not ours."""
    if not token:
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
        knows_shown, microseconds, identity = _PLACE.unpack_from(content)
        played_at = _EPOCH + microseconds * _MICROSECOND
        shown = _shown(content[_PLACE.size :])
    except (binascii.Error, struct.error, ValueError, OverflowError):
        raise InvalidRequest(
            "page_token is none of ours: give it as it was given to you.", field="page_token"
        ) from None
    return ListenPlace(played_at, UUID(bytes=identity), shown if knows_shown else None)


def _shown(content: bytes) -> frozenset[bytes]:
    if len(content) % SHOWN_BYTES or len(content) > MOST_SHOWN * SHOWN_BYTES:
        raise ValueError("no list of beginnings of identities")
    return frozenset(content[start : start + SHOWN_BYTES] for start in range(0, len(content), SHOWN_BYTES))
