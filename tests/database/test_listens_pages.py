"""ListListens and ExportListens go through a person's plays by key: none comes twice and none is missed."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from coordinator.errors import Draining, InvalidRequest
from coordinator.services import listen_service
from coordinator.store.listen_pages import MOST_SHOWN
from coordinator.wire import listen_pages as wire
from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import ExportListensRequest, GetOverviewRequest, ListListensRequest
from tests.database.listen_calls import NO_CONTEXT, Listening, listening
from tests.database.made_history import make_play, store
from tests.database.play_messages import NOON, Play, account, extended
from tests.database.stored_plays import connect

# Twelve plays in one minute: three a second, of which one is cut short.
_MINUTE = [Play(f"Song {number}", second=NOON + number // 3, ms_played=1_000 + number) for number in range(12)]


async def _pages(
    listener: Listening, user: UUID, size: int, **fields: Any
) -> AsyncIterator[Sequence[listen_pb2.Listen]]:
    token = ""
    while True:
        request = ListListensRequest(owner=str(user), page_size=size, page_token=token, **fields)
        page = await listener.service.ListListens(request, NO_CONTEXT)
        yield page.listens
        token = page.next_page_token
        if not token:
            return


async def _export(listener: Listening, user: UUID) -> AsyncIterator[listen_pb2.Listen]:
    async for message in listener.service.ExportListens(ExportListensRequest(owner=str(user)), NO_CONTEXT):
        for play in message.listens:
            yield play


@pytest.mark.parametrize("size", [1, 2, 5, 11, 12, 500])
async def test_pages_of_plays_of_one_time_follow_without_gap_or_repeat(
    database_url: str, owner_url: str, size: int
) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*_MINUTE))
            await listener.commit_new(owner, uuid4(), extended(*_MINUTE))
        pages = [list(page) async for page in _pages(listener, user, size)]
    plays = [play for page in pages for play in page]
    assert [len(page) for page in pages[:-1]] == [size] * (12 // size - (12 % size == 0))
    assert sorted(play.track_name for play in plays) == sorted(play.track for play in _MINUTE)
    assert [play.played_at.seconds for play in plays] == [NOON + number // 3 for number in range(11, -1, -1)]


async def test_a_page_has_fifty_plays_unless_said_otherwise(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*(Play(second=NOON + n) for n in range(51))))
        assert [len(page) async for page in _pages(listener, user, 0)] == [50, 1]
        assert [len(page) async for page in _pages(listener, uuid4(), 0)] == [0]


async def test_a_play_is_told_as_it_is_stored(database_url: str, owner_url: str) -> None:
    user = uuid4()
    moment = datetime(2024, 3, 1, 12, 0, 7, tzinfo=UTC)
    full = make_play(moment, album_name="First", track_uri="spotify:track:1", skipped=True, content_type="video")
    bare = make_play(moment - timedelta(minutes=1), source="account", platform=None)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, [full, bare])
        (page,) = [list(page) async for page in _pages(listener, user, 2)]
        exported = [play async for play in _export(listener, user)]
    assert exported == page[::-1]
    assert page[0].played_at.ToDatetime(UTC) == moment
    assert (page[0].album_name, page[0].track_uri, page[0].platform) == ("First", "spotify:track:1", "ios")
    assert (page[0].skipped, page[1].skipped) == (listen_pb2.SKIPPED_YES, listen_pb2.SKIPPED_UNSPECIFIED)
    assert (page[0].source, page[1].source) == (listen_pb2.SOURCE_EXTENDED, listen_pb2.SOURCE_ACCOUNT)
    assert page[0].content_type == listen_pb2.CONTENT_TYPE_VIDEO
    assert (page[1].album_name, page[1].track_uri, page[1].platform) == ("", "", "")


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("shown_before", range(7))
async def test_a_play_that_is_replaced_between_two_pages_comes_once(
    database_url: str, owner_url: str, size: int, shown_before: int
) -> None:
    # Three plays of each of three minutes, of which the middle one is first known to the minute alone.
    plays = [
        Play(f"Song {number}", second=NOON + 60 * (number // 3) + 20 * (number % 3) + 10, ms_played=1_000 + number)
        for number in range(9)
    ]
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*plays[:3], plays[4], *plays[6:]))
            await listener.commit_new(owner, user, account(*plays[3:6]))
            seen: list[str] = []
            replaced = False
            async for page in _pages(listener, user, size):
                seen += [play.track_name for play in page]
                if not replaced and len(seen) > shown_before:
                    assert (await listener.commit_new(owner, user, extended(*plays[3:6]))).superseded == 2
                    replaced = True
    assert sorted(seen) == [f"Song {number}" for number in range(9)]


async def test_a_play_under_another_name_comes_once_too(database_url: str, owner_url: str) -> None:
    early = Play("Song (live)", second=NOON + 40, also_seen_as=("Song",))
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            later = Play("Later", second=NOON + 20)
            await listener.commit_new(owner, user, extended(later))
            await listener.commit_new(owner, user, account(Play("Song", second=NOON)))
            pages = _pages(listener, user, 1)
            async with aclosing(pages):  # type: ignore[type-var]
                assert [play.track_name for play in await anext(pages)] == ["Later"]
                assert (await listener.commit_new(owner, user, extended(early))).superseded == 1
                assert [play.track_name for play in await anext(pages)] == ["Song (live)"]
                rest = [play.track_name async for page in pages for play in page]
            assert rest == []
            # Shown as the account row it was, it is not shown again.
            user = uuid4()
            await listener.commit_new(owner, user, account(Play("Song", second=NOON), Play("A", second=NOON - 60)))
            pages = _pages(listener, user, 1)
            async with aclosing(pages):  # type: ignore[type-var]
                assert [play.track_name for play in await anext(pages)] == ["Song"]
                assert (await listener.commit_new(owner, user, extended(early))).superseded == 1
                assert [play.track_name async for page in pages for play in page] == ["A"]


async def test_a_minute_with_more_plays_than_a_token_can_name_goes_by_the_key(
    database_url: str, owner_url: str
) -> None:
    user = uuid4()
    number = MOST_SHOWN + 20
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, [make_play(moment, ms_played=n) for n in range(number)])
        times = [play.ms_played async for page in _pages(listener, user, 30) for play in page]
    assert sorted(times) == list(range(number))


@pytest.mark.parametrize("rows", [2, 3, 4, 7, 1_000])
async def test_an_export_is_all_that_is_stored_in_order(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(listen_service, "EXPORT_PAGE_ROWS", rows)
    user = uuid4()
    moments = [datetime(2024, 3, 1, 12, n // 5, n % 5 // 2, tzinfo=UTC) for n in range(40)]
    plays = [make_play(moment, ms_played=n) for n, moment in enumerate(moments)]
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            store(owner, user, plays)
        exported = [play.ms_played async for play in _export(listener, user)]
    assert exported == [play.ms_played for play in sorted(plays, key=lambda play: play.key)]


@pytest.mark.parametrize("read_before", range(9))
async def test_a_play_that_is_replaced_while_it_is_exported_comes_once(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch, read_before: int
) -> None:
    monkeypatch.setattr(listen_service, "EXPORT_PAGE_ROWS", 4)
    plays = [Play(f"Song {n}", second=NOON + 60 * (n // 3) + 20 * (n % 3), ms_played=1_000 + n) for n in range(9)]
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, account(*plays))
            seen: list[str] = []
            async for play in _export(listener, user):
                if len(seen) == read_before:
                    assert (await listener.commit_new(owner, user, extended(*plays))).superseded == 9
                seen.append(play.track_name)
    assert sorted(seen) == [f"Song {n}" for n in range(9)]


async def test_no_connection_and_no_turn_is_held_while_an_export_waits_for_its_reader(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen_service, "EXPORT_PAGE_ROWS", 2)
    user = uuid4()
    async with listening(database_url, max_connections=1) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*(Play(second=NOON + 60 * n) for n in range(10))))
            exporting = _export(listener, user)
            async with aclosing(exporting):  # type: ignore[type-var]
                await anext(exporting)
                for _ in range(3):
                    request = GetOverviewRequest(owner=str(user))
                    assert (await listener.service.GetOverview(request, NO_CONTEXT)).plays == 10
                open_transactions = owner.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice_coordinator' "
                    "AND datname = current_database() AND state <> 'idle'"
                ).fetchone()
                assert open_transactions == (0,)
                assert len([play async for play in exporting]) == 9


async def test_a_coordinator_that_drains_ends_an_export_with_that_word(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen_service, "EXPORT_PAGE_ROWS", 2)
    user = uuid4()
    draining = False

    def check_open() -> None:
        if draining:
            raise Draining("This coordinator is about to stop.", retry_after_seconds=1)

    async with listening(database_url, check_open=check_open) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(*(Play(second=NOON + 60 * n) for n in range(10))))
        messages = listener.service.ExportListens(ExportListensRequest(owner=str(user)), NO_CONTEXT)
        await anext(messages)
        draining = True
        with pytest.raises(Draining):
            await anext(messages)


async def test_plays_whose_names_are_very_long_still_fit_into_messages(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MESSAGE_BYTES", 20_000)
    user = uuid4()
    long = "名" * 2_000
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            plays = [make_play(moment, track_name=long, ms_played=n) for n in range(10)]
            store(owner, user, plays)
        pages = [list(page) async for page in _pages(listener, user, 10)]
        exporting = listener.service.ExportListens(ExportListensRequest(owner=str(user)), NO_CONTEXT)
        messages = [message async for message in exporting]
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [len(message.listens) for message in messages] == [3, 3, 3, 1]
    assert sorted(play.ms_played for page in pages for play in page) == list(range(10))


def _token(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


@pytest.mark.parametrize(
    "token",
    [
        "not base64!",
        _token(bytes(24)),
        _token(bytes(26)),
        _token(b"\1" + b"\x7f" * 24),
        _token(b"\1" + bytes(24 + 6 * (MOST_SHOWN + 1))),
    ],
)
async def test_a_page_token_that_is_none_of_the_lists_is_refused(database_url: str, token: str) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await listener.service.ListListens(ListListensRequest(owner=str(uuid4()), page_token=token), NO_CONTEXT)
    assert refused.value.metadata["field"] == "page_token"


@pytest.mark.parametrize("size", [-1, 501])
async def test_a_page_size_out_of_range_is_refused(database_url: str, size: int) -> None:
    async with listening(database_url) as listener:
        with pytest.raises(InvalidRequest) as refused:
            await listener.service.ListListens(ListListensRequest(owner=str(uuid4()), page_size=size), NO_CONTEXT)
    assert (refused.value.metadata["field"], refused.value.metadata["limit"]) == ("page_size", "500")
