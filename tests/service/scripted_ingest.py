"""The two calls that end ingest jobs, scripted: what was sent, and what is answered first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from coordinator_client.errors import CoordinatorError
from coordinator_client.leases import Lease
from protos.listens.v1.listen_service_pb2 import CommitListensRequest, CommitListensResponse
from protos.uploads.v1.upload_service_pb2 import AddFilesRequest, AddFilesResponse
from tests.service.scripted_coordinator import ScriptedCoordinator, refuse


@dataclass
class SentFile:
    """A file as AddFiles brought it."""

    filename: str
    format: str
    content: bytes = b""


@dataclass
class IngestScript:
    """Takes commits and files; refuses as many as it is told to first."""

    commits: list[list[CommitListensRequest]] = field(default_factory=list)
    additions: list[list[AddFilesRequest]] = field(default_factory=list)
    refusals: list[CoordinatorError] = field(default_factory=list)
    # Cleared, commits wait.
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def serve_with(self, coordinator: ScriptedCoordinator) -> None:
        """Adds the calls to a coordinator that has not started yet."""
        commit = grpc.stream_unary_rpc_method_handler(
            self._commit, CommitListensRequest.FromString, CommitListensResponse.SerializeToString
        )
        add = grpc.stream_unary_rpc_method_handler(
            self._add, AddFilesRequest.FromString, AddFilesResponse.SerializeToString
        )
        coordinator.add_methods("listens.v1.ListenService", {"CommitListens": commit})
        coordinator.add_methods("uploads.v1.UploadService", {"AddFiles": add})

    @property
    def files(self) -> list[SentFile]:
        """The files of the last addition."""
        files: list[SentFile] = []
        for request in self.additions[-1][1:]:
            if request.HasField("member"):
                files.append(SentFile(request.member.filename, request.member.format))
            else:
                files[-1].content += request.chunk
        return files

    async def _commit(self, requests: AsyncIterator[CommitListensRequest], context: Any) -> CommitListensResponse:
        await self._maybe_refuse(context)
        self.commits.append([request async for request in requests])
        await self.answers.wait()
        return CommitListensResponse(inserted_records=1)

    async def _add(self, requests: AsyncIterator[AddFilesRequest], context: Any) -> AddFilesResponse:
        await self._maybe_refuse(context)
        self.additions.append([request async for request in requests])
        await self.answers.wait()
        return AddFilesResponse()

    async def _maybe_refuse(self, context: Any) -> None:
        if self.refusals:
            await refuse(context, self.refusals.pop(0))


def header_lease(request: CommitListensRequest | AddFilesRequest) -> Lease:
    return Lease(request.header.job_id, request.header.token)
