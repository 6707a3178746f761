"""ListTop ranks artists, tracks and albums, a page at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import pytest

from coordinator.errors import InvalidRequest
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import (
    TOP_KIND_ALBUMS,
    TOP_KIND_ARTISTS,
    TOP_KIND_TRACKS,
    TOP_ORDER_MS_PLAYED,
    TOP_ORDER_PLAYS,
    ListTopRequest,
    ListTopResponse,
    TopItem,
)
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.play_messages import NOON, Play, extended
from tests.database.stored_plays import connect


def _plays(*described: tuple[str, str, str, int]) -> list[Play]:
    """Makes plays of (track, artist, album, milliseconds), a minute apart."""
    return [
        Play(track, artist, NOON + 60 * number, ms_played, album)
        for number, (track, artist, album, ms_played) in enumerate(described)
    ]


_PLAYS = _plays(
    ("Song", "Band", "First", 100_000),
    ("Song", "Band", "First", 100_000),
    ("Song", "Choir", "First", 500_000),
    ("Other", "Band", "", 10_000),
    ("Unknown Track", "Unknown Artist", "", 900_000),
    ("Unknown Track", "Unknown Artist", "", 900_000),
    ("Unknown Track", "Band", "First", 1_000),
)


async def _top(listener: Listening, user: UUID, **fields: Any) -> ListTopResponse:
    return await listener.service.ListTop(ListTopRequest(owner=str(user), **fields), NO_CONTEXT)


async def _stored(listener: Listening, owner_url: str, plays: Iterable[Play]) -> UUID:
    user = uuid4()
    with connect(owner_url) as owner:
        await listener.commit_new(owner, user, extended(*plays))
    return user


async def test_artists_are_ranked_by_plays_without_the_unknown_one(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _PLAYS)
        top = await _top(listener, user, kind=TOP_KIND_ARTISTS)
    assert list(top.items) == [
        TopItem(name="Band", plays=4, ms_played=211_000),
        TopItem(name="Choir", plays=1, ms_played=500_000),
    ]
    assert top.next_page_token == ""


async def test_artists_are_ranked_by_time_where_that_is_asked_for(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _PLAYS)
        top = await _top(listener, user, kind=TOP_KIND_ARTISTS, order=TOP_ORDER_MS_PLAYED)
    assert [item.name for item in top.items] == ["Choir", "Band"]


async def test_a_track_is_another_one_with_another_artist(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _PLAYS)
        top = await _top(listener, user, kind=TOP_KIND_TRACKS, order=TOP_ORDER_PLAYS)
    assert [(item.name, item.artist_name, item.plays) for item in top.items] == [
        ("Song", "Band", 2),
        ("Other", "Band", 1),
        ("Song", "Choir", 1),
    ]


async def test_plays_without_an_album_are_in_no_ranking_of_albums(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _PLAYS)
        top = await _top(listener, user, kind=TOP_KIND_ALBUMS)
    assert [(item.name, item.artist_name, item.plays) for item in top.items] == [
        ("First", "Band", 3),
        ("First", "Choir", 1),
    ]


async def test_ties_are_in_the_order_of_their_names(database_url: str, owner_url: str) -> None:
    names = ["b", "B", "a", "Z", "é", "10", "9"]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _plays(*(("Song", name, "", 1_000) for name in names)))
        top = await _top(listener, user, kind=TOP_KIND_ARTISTS)
    assert [item.name for item in top.items] == sorted(names)


async def test_a_filter_holds_for_rankings(database_url: str, owner_url: str) -> None:
    wanted = listen_pb2.ListenFilter(min_ms=50_000, content_type=listen_pb2.CONTENT_TYPE_MUSIC)
    wanted.end_time.FromSeconds(NOON + 60)
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _PLAYS)
        top = await _top(listener, user, kind=TOP_KIND_ARTISTS, filter=wanted)
    assert [(item.name, item.plays) for item in top.items] == [("Band", 1)]


@pytest.mark.parametrize("kind", [TOP_KIND_ARTISTS, TOP_KIND_TRACKS, TOP_KIND_ALBUMS])
@pytest.mark.parametrize("order", [TOP_ORDER_PLAYS, TOP_ORDER_MS_PLAYED])
async def test_pages_follow_one_another_without_gap_or_repeat(
    database_url: str, owner_url: str, kind: Any, order: Any
) -> None:
    # Many ties, of which one ends every page; one name is under two artists.
    described = [
        (f"Song {number % 4}", f"Band {number % 6}", f"Album {number % 3}", 1_000 * (number % 2 + 1))
        for number in range(60)
    ]
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _plays(*described))
        whole = list((await _top(listener, user, kind=kind, order=order)).items)
        paged: list[TopItem] = []
        token = ""
        for _ in range(len(whole)):
            page = await _top(listener, user, kind=kind, order=order, page_size=1, page_token=token)
            paged += page.items
            token = page.next_page_token
            if not token:
                break
    assert len(whole) > 4
    assert paged == whole
    assert token == ""


async def test_a_page_has_fifty_items_unless_said_otherwise(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        user = await _stored(listener, owner_url, _plays(*(("Song", f"Band {n}", "", 1_000) for n in range(51))))
        top = await _top(listener, user, kind=TOP_KIND_ARTISTS)
        rest = await _top(listener, user, kind=TOP_KIND_ARTISTS, page_token=top.next_page_token)
    assert (len(top.items), len(rest.items)) == (50, 1)


def _token(*key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "not base64!",
        "AAAA",
        _token("artists", "plays"),
        _token("tracks", "plays", 1, "a", ""),
        _token("artists", "ms_played", 1, "a", ""),
        _token("artists", "plays", "1", "a", ""),
        _token("artists", "plays", True, "a", ""),
        _token("artists", "plays", 2**63, "a", ""),
        _token("artists", "plays", -1, "a", ""),
        _token("artists", "plays", 1, "a\0", ""),
        _token("artists", "plays", 1, "a", "\ud800"),
        base64.urlsafe_b64encode(b"[" * 10_000).decode(),
    ],
)
async def test_a_page_token_that_is_none_of_ours_is_refused(database_url: str, token: str) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await _top(listener, uuid4(), kind=TOP_KIND_ARTISTS, page_token=token)
    assert refused.value.metadata["field"] == "page_token"


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("kind", {}),
        ("kind", {"kind": 9}),
        ("order", {"kind": TOP_KIND_ARTISTS, "order": 9}),
        ("page_size", {"kind": TOP_KIND_ARTISTS, "page_size": 201}),
        ("page_size", {"kind": TOP_KIND_ARTISTS, "page_size": -1}),
    ],
)
async def test_a_ranking_that_is_not_known_is_refused(database_url: str, field: str, fields: dict[str, Any]) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await _top(listener, uuid4(), **fields)
    assert refused.value.metadata["field"] == field
