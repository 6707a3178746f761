"""A server with one method of each of gRPC's four shapes, which remembers who called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio


@dataclass
class EchoServer:
    """Answers with what it was sent."""

    peers: list[str] = field(default_factory=list)
    authorisations: list[Any] = field(default_factory=list)
    ended_streams: int = 0
    address: str = ""

    def _note(self, context: Any) -> None:
        self.peers.append(context.peer())
        self.authorisations.append(dict(context.invocation_metadata()).get("authorization"))

    async def unary_unary(self, request: bytes, context: Any) -> bytes:
        self._note(context)
        return request

    async def unary_stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        """Answers twice and ends; or breaks off after that; or goes on until it is cancelled."""
        self._note(context)
        try:
            yield request
            yield request
            if request == b"break off":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            while request == b"go on":
                yield request
        finally:
            self.ended_streams += 1

    async def stream_unary(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        """Answers at the end, or as soon as it is told to: with an answer, or with a refusal."""
        self._note(context)
        got = b""
        async for request in requests:
            got += request
            if request == b"answer":
                break
            if request == b"refuse":
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "enough")
        return got

    async def stream_stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        self._note(context)
        async for request in requests:
            yield request


@asynccontextmanager
async def echoing() -> AsyncIterator[EchoServer]:
    """A running echo server on a free port."""
    echo, server = EchoServer(), grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "UnaryUnary": grpc.unary_unary_rpc_method_handler(echo.unary_unary),
        "UnaryStream": grpc.unary_stream_rpc_method_handler(echo.unary_stream),
        "StreamUnary": grpc.stream_unary_rpc_method_handler(echo.stream_unary),
        "StreamStream": grpc.stream_stream_rpc_method_handler(echo.stream_stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", handlers),))
    echo.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield echo
    finally:
        await server.stop(None)
