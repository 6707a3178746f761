"""ListSources tells which period the plays of each source cover."""

from __future__ import annotations

from datetime import UTC
from uuid import uuid4

from protos.listens.v1 import listen_pb2
from protos.listens.v1.listen_service_pb2 import ListSourcesRequest, SourceSpan
from tests.database.listen_calls import NO_CONTEXT, listening
from tests.database.play_messages import NOON, Play, account, extended
from tests.database.stored_plays import connect


def _told(span: SourceSpan) -> tuple[int, int, float, float]:
    first, last = span.first_played_at.ToDatetime(UTC), span.last_played_at.ToDatetime(UTC)
    return span.source, span.plays, first.timestamp(), last.timestamp()


async def test_each_source_is_told_with_its_own_plays_alone(database_url: str, owner_url: str) -> None:
    user = uuid4()
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            await listener.commit_new(owner, user, extended(Play("Song", second=NOON), Play("Song", second=NOON + 600)))
            await listener.commit_new(owner, user, account(Play("Later", second=NOON + 86_400)))
            await listener.commit_new(owner, uuid4(), account(Play("Another's", second=NOON - 86_400)))
        answer = await listener.service.ListSources(ListSourcesRequest(owner=str(user)), NO_CONTEXT)
    assert [_told(span) for span in answer.sources] == [
        (listen_pb2.SOURCE_ACCOUNT, 1, NOON + 86_400, NOON + 86_400),
        (listen_pb2.SOURCE_EXTENDED, 2, NOON, NOON + 600),
    ]


async def test_nobody_has_no_sources(database_url: str) -> None:
    async with listening(database_url) as listener:
        answer = await listener.service.ListSources(ListSourcesRequest(owner=str(uuid4())), NO_CONTEXT)
    assert list(answer.sources) == []
