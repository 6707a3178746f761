"""listens.v1.ListenService: plays come in from workers, and are read for their owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import grpc.aio

from coordinator.access import Access, authorization
from coordinator.database import Database
from coordinator.listen_domain import PlayKey
from coordinator.read_gate import ReadGate
from coordinator.services.file_commits import FileCommits
from coordinator.services.forgetting import Forgetting
from coordinator.services.timelines import read_discoveries, read_timeline
from coordinator.store import listen_pages, listens
from coordinator.store.auditing import Act
from coordinator.wire import listen_pages as pages
from coordinator.wire import listens as wire
from coordinator.wire.checks import check_user
from coordinator.wire.listen_batches import commit_response
from protos.listens.v1 import listen_service_pb2 as messages
from protos.listens.v1.listen_service_pb2_grpc import ListenServiceServicer

# Read at once for an export, and held in memory until its reader has taken them.
EXPORT_PAGE_ROWS = 2_000

Context = grpc.aio.ServicerContext[Any, Any]


class ListenService(ListenServiceServicer):
    """Stores plays and tells what they add up to."""

    def __init__(
        self,
        database: Database,
        commits: FileCommits,
        reads: ReadGate,
        forgetting: Forgetting,
        access: Access,
        check_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes the service. `check_open` raises Draining once long streams have to end."""
        self._database = database
        self._commits = commits
        self._reads = reads
        self._forgetting = forgetting
        self._access = access
        self._check_open = check_open

    async def CommitListens(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[messages.CommitListensRequest], context: Context
    ) -> messages.CommitListensResponse:
        """Stores a file's plays and completes its job, in one transaction."""
        return commit_response(await self._commits.receive(request_iterator))

    async def GetOverview(  # noqa: N802 - the contract's name
        self, request: messages.GetOverviewRequest, context: Context
    ) -> messages.GetOverviewResponse:
        """Sums over a person's plays."""
        wanted = wire.listen_filter(request.owner, request.filter)
        async with self._reads.turn():
            return wire.overview_response(await listens.get_overview(self._database, wanted))

    async def ListSources(  # noqa: N802 - the contract's name
        self, request: messages.ListSourcesRequest, context: Context
    ) -> messages.ListSourcesResponse:
        """Tells which period the plays of each source cover."""
        user_id = check_user(request.owner)
        async with self._reads.turn():
            return wire.sources_response(await listens.list_sources(self._database, user_id))

    async def ListTop(  # noqa: N802 - the contract's name
        self, request: messages.ListTopRequest, context: Context
    ) -> messages.ListTopResponse:
        """Ranks artists, tracks or albums."""
        wanted = wire.listen_filter(request.owner, request.filter)
        kind, order = wire.top_kind(request.kind), wire.top_order(request.order)
        size = wire.page_size(request.page_size)
        after = wire.top_place(request.page_token, kind, order)
        # One more than the page: then there is a next one.
        async with self._reads.turn():
            ranked = await listens.list_top(self._database, wanted, kind, order, after, size + 1)
        token = wire.page_token(kind, order, ranked[size - 1][1]) if len(ranked) > size else ""
        return wire.top_response([item for item, _ in ranked[:size]], token)

    async def GetTimeline(  # noqa: N802 - the contract's name
        self, request: messages.GetTimelineRequest, context: Context
    ) -> messages.GetTimelineResponse:
        """Counts plays and time per bucket of the calendar."""
        wanted = wire.listen_filter(request.owner, request.filter)
        size, time_zone = wire.bucket(request.bucket), wire.time_zone(request.time_zone)
        async with self._reads.turn():
            bucket, points = await read_timeline(self._database, wanted, size, time_zone)
        return wire.timeline_response(bucket, points)

    async def DeleteUserData(  # noqa: N802 - the contract's name
        self, request: messages.DeleteUserDataRequest, context: Context
    ) -> messages.DeleteUserDataResponse:
        """Removes every trace of a person."""
        user_id = check_user(request.owner)
        principal = self._access.principal(authorization(context))
        act = Act(principal, context.peer(), "DeleteUserData", {}, str(user_id))
        removed = await self._forgetting.forget(user_id, act)
        return messages.DeleteUserDataResponse(
            plays=removed.plays, uploads=removed.uploads, files=removed.files, jobs=removed.jobs
        )

    async def GetListeningClock(  # noqa: N802 - the contract's name
        self, request: messages.GetListeningClockRequest, context: Context
    ) -> messages.GetListeningClockResponse:
        """Counts plays and time per hour of the week."""
        wanted, time_zone = wire.listen_filter(request.owner, request.filter), wire.time_zone(request.time_zone)
        async with self._reads.turn():
            return wire.clock_response(await listens.get_listening_clock(self._database, wanted, time_zone))

    async def GetDiscoveries(  # noqa: N802 - the contract's name
        self, request: messages.GetDiscoveriesRequest, context: Context
    ) -> messages.GetDiscoveriesResponse:
        """Counts what was heard for the first time, per bucket of the calendar."""
        wanted = wire.listen_filter(request.owner, request.filter)
        size, time_zone = wire.bucket(request.bucket), wire.time_zone(request.time_zone)
        async with self._reads.turn():
            bucket, points = await read_discoveries(self._database, wanted, size, time_zone)
        return wire.discoveries_response(bucket, points)

    async def GetListeningSessions(  # noqa: N802 - the contract's name
        self, request: messages.GetListeningSessionsRequest, context: Context
    ) -> messages.GetListeningSessionsResponse:
        """Counts a person's sessions."""
        wanted = wire.listen_filter(request.owner, request.filter)
        async with self._reads.turn():
            return wire.sessions_response(await listens.get_listening_sessions(self._database, wanted))

    async def GetListeningHabits(  # noqa: N802 - the contract's name
        self, request: messages.GetListeningHabitsRequest, context: Context
    ) -> messages.GetListeningHabitsResponse:
        """Counts plays by platform, and skips."""
        wanted = wire.listen_filter(request.owner, request.filter)
        async with self._reads.turn():
            return wire.habits_response(await listens.get_listening_habits(self._database, wanted))

    async def ListListens(  # noqa: N802 - the contract's name
        self, request: messages.ListListensRequest, context: Context
    ) -> messages.ListListensResponse:
        """Reads a page of plays, newest first."""
        wanted = wire.listen_filter(request.owner, request.filter)
        size, after = pages.listens_page_size(request.page_size), pages.listen_place(request.page_token)
        # One more than the page: then there is a next one.
        async with self._reads.turn():
            found = await listen_pages.list_listens(self._database, wanted, after, size + 1)
        page = next(pages.listen_groups(found[:size]), [])
        has_more = len(found) > len(page)
        return pages.listens_response(page, listen_pages.place_after(found[: len(page)], after) if has_more else None)

    async def ExportListens(  # noqa: N802 - the contract's name
        self, request: messages.ExportListensRequest, context: Context
    ) -> AsyncGenerator[messages.ExportListensResponse, None]:
        """Streams plays, oldest first; neither a turn nor a connection is held while the reader takes its time."""
        wanted = wire.listen_filter(request.owner, request.filter)
        after: PlayKey | None = None
        while True:
            self._check_open()
            async with self._reads.turn():
                plays, after = await listen_pages.export_listens(self._database, wanted, after, EXPORT_PAGE_ROWS)
            for group in pages.listen_groups(plays):
                yield messages.ExportListensResponse(listens=group)
            if after is None:
                return
