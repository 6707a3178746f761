"""The calls of listens.v1.ListenService: a message in, a message out, refusals as exceptions."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import grpc.aio

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary, read_stream, send_stream
from protos.listens.v1 import listen_service_pb2 as messages
from protos.listens.v1.listen_service_pb2_grpc import ListenServiceStub

# A million plays are a few seconds' work; and the call goes on where it is repeated.
FORGET_TIMEOUT_SECONDS = 60.0


class ListenClient:
    """Reads a person's plays in numbers, stores a file's, and forgets a person.

    What each call answers and when it is refused stands in the contract. A unary call gets `timeout_seconds`
    for all its tries together; all of them may be repeated, and are tried again where nobody answered. All raise
    CoordinatorError.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ListenServiceStub(channel)
        # Not by the stub: the messages were serialized where they were made, in another process.
        self._commit_listens: grpc.aio.StreamUnaryMultiCallable[bytes, messages.CommitListensResponse]
        self._commit_listens = channel.stream_unary(
            "/listens.v1.ListenService/CommitListens",
            response_deserializer=messages.CommitListensResponse.FromString,
        )

    async def get_overview(
        self, request: messages.GetOverviewRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetOverviewResponse:
        """Reads the sums over a person's plays."""
        return await call_unary(self._stub.GetOverview, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def list_sources(
        self, request: messages.ListSourcesRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.ListSourcesResponse:
        """Reads which period the plays of each source cover."""
        return await call_unary(self._stub.ListSources, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def list_top(
        self, request: messages.ListTopRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.ListTopResponse:
        """Reads a page of the top artists, tracks or albums."""
        return await call_unary(self._stub.ListTop, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def get_timeline(
        self, request: messages.GetTimelineRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetTimelineResponse:
        """Reads plays and time per bucket of the calendar."""
        return await call_unary(self._stub.GetTimeline, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def get_listening_clock(
        self, request: messages.GetListeningClockRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetListeningClockResponse:
        """Reads plays and time per hour of the week."""
        return await call_unary(
            self._stub.GetListeningClock, request, timeout_seconds=timeout_seconds, repeat_is_safe=True
        )

    async def get_discoveries(
        self, request: messages.GetDiscoveriesRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetDiscoveriesResponse:
        """Reads what was heard for the first time, per bucket of the calendar."""
        return await call_unary(
            self._stub.GetDiscoveries, request, timeout_seconds=timeout_seconds, repeat_is_safe=True
        )

    async def get_listening_sessions(
        self, request: messages.GetListeningSessionsRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetListeningSessionsResponse:
        """Reads how many sessions there were, and the longest."""
        return await call_unary(
            self._stub.GetListeningSessions, request, timeout_seconds=timeout_seconds, repeat_is_safe=True
        )

    async def get_listening_habits(
        self, request: messages.GetListeningHabitsRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetListeningHabitsResponse:
        """Reads plays by platform, and skips."""
        return await call_unary(
            self._stub.GetListeningHabits, request, timeout_seconds=timeout_seconds, repeat_is_safe=True
        )

    async def list_listens(
        self, request: messages.ListListensRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.ListListensResponse:
        """Reads a page of plays, newest first."""
        return await call_unary(self._stub.ListListens, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    def export_listens(
        self, request: messages.ExportListensRequest, *, timeout_seconds: float | None = None
    ) -> AsyncGenerator[messages.ExportListensResponse, None]:
        """Yields all plays, oldest first, in messages of some thousand.

        Does not go on by itself: an export that breaks off raises, and begins anew. Close the iterator (`aclose`) to
        leave early.
        """
        return read_stream(self._stub.ExportListens(request, timeout=timeout_seconds))

    async def delete_user_data(
        self, request: messages.DeleteUserDataRequest, *, timeout_seconds: float = FORGET_TIMEOUT_SECONDS
    ) -> messages.DeleteUserDataResponse:
        """Removes every trace of a person; tells what the last try removed."""
        call = self._stub.DeleteUserData
        return await call_unary(call, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def commit_listens(
        self, requests: AsyncGenerator[bytes, None], *, timeout_seconds: float | None = None
    ) -> messages.CommitListensResponse:
        """Ends an ingest job with the file's plays: serialized CommitListensRequests, the header first.

        Not repeated here, since the requests are read once, and closed; a repeat with the same token is safe.
        """
        return await send_stream(self._commit_listens, requests, timeout_seconds)
