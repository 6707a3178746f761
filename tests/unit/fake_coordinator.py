"""grpc_testing's fake channel behind the asynchronous interface that the client library calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import grpc
import grpc_testing
from google.protobuf.message import Message

from protos.jobs.v1 import admin_service_pb2, job_service_pb2
from protos.listens.v1 import listen_service_pb2
from protos.uploads.v1 import upload_service_pb2

_SERVICES = {
    f"/{service.full_name}/{name}": method
    for service in (
        job_service_pb2.DESCRIPTOR.services_by_name["JobService"],
        admin_service_pb2.DESCRIPTOR.services_by_name["AdminService"],
        upload_service_pb2.DESCRIPTOR.services_by_name["UploadService"],
        listen_service_pb2.DESCRIPTOR.services_by_name["ListenService"],
    )
    for name, method in service.methods_by_name.items()
}


class FakeCoordinator:
    """What a test asks to see the next call of a method, and tells what to answer."""

    def __init__(self) -> None:
        self.fake = grpc_testing.channel(
            {method.containing_service for method in _SERVICES.values()}, grpc_testing.strict_real_time()
        )
        self.channel = _AioChannel(self.fake)

    async def answer(self, path: str, response: Message) -> Any:
        """Waits for the next call, answers it, and gives its request."""
        _, request, call = await self._take(path)
        call.terminate(response, (), grpc.StatusCode.OK, "")
        return request

    async def refuse(
        self, path: str, code: grpc.StatusCode, details: str = "", trailers: tuple[tuple[str, bytes], ...] = ()
    ) -> Any:
        """Waits for the next call, ends it with an error, and gives its request."""
        _, request, call = await self._take(path)
        call.terminate(None, trailers, code, details)
        return request

    async def _take(self, path: str) -> Any:
        return await asyncio.to_thread(self.fake.take_unary_unary, _SERVICES[path])


class _AioChannel(grpc.aio.Channel):
    """As much of an asynchronous channel as unary calls need."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake

    def unary_unary(self, method: str, *coders: Any, **options: Any) -> Any:
        invoke = self._fake.unary_unary(method)

        def call(request: Message, timeout: float | None = None) -> Awaitable[Any]:
            assert timeout is None or timeout > 0
            return _answered(invoke, request, timeout)

        return call

    def _other(self, method: str, *coders: Any, **options: Any) -> Any:
        return None

    unary_stream = stream_unary = stream_stream = _other

    async def close(self, grace: float | None = None) -> None: ...

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None: ...

    async def channel_ready(self) -> None: ...

    async def __aenter__(self) -> _AioChannel:
        return self

    async def __aexit__(self, *exception: object) -> None: ...


async def _answered(invoke: Any, request: Message, timeout: float | None) -> Any:
    # The fake's futures are unfinished, its blocking calls are not.
    try:
        return await asyncio.to_thread(invoke, request, timeout=timeout)
    except grpc.RpcError as failed:
        trailing: Any = failed.trailing_metadata()
        trailers = grpc.aio.Metadata(*trailing)
        details = failed.details()
        raise grpc.aio.AioRpcError(failed.code(), grpc.aio.Metadata(), trailers, details=details) from failed
