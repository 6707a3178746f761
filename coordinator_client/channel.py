"""The channel to the coordinator: connects when first called, once per event loop, and anew after a pause."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import grpc.aio

from coordinator_client.targets import CHANNEL_OPTIONS, resolver_address

MAX_IDLE_SECONDS = 60.0


def open_channel(
    target: str, *, token: str | None = None, max_idle_seconds: float = MAX_IDLE_SECONDS
) -> CoordinatorChannel:
    """Gives a channel to `target`; connects when it is first called and needs no running event loop before.

    Args:
        target: "host:port"; or numeric addresses "127.0.0.1:1,127.0.0.1:2" to take turns between; or anything
            else that gRPC resolves, such as "dns:///coordinator:50051".
        token: the service token, sent with every call.
        max_idle_seconds: after how long without a call the next one connects anew.

    Raises:
        ValueError: a list of addresses that cannot be read.
    """
    return CoordinatorChannel(resolver_address(target), token=token, max_idle_seconds=max_idle_seconds)


class CoordinatorChannel(grpc.aio.Channel):
    """A channel that may be made anywhere and kept for as long as the process lives.

    gRPC's own belongs to the event loop that it was made on, and trusts a connection that died unnoticed
    while the process was frozen, as serverless functions are between requests. This one has a connection per
    loop, and replaces it at the first call after a pause, unless a call is still under way on it.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None = None,
        max_idle_seconds: float = MAX_IDLE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._target = target
        self._authorisation = () if token is None else (("authorization", f"Bearer {token}"),)
        self._max_idle_seconds = max_idle_seconds
        # The wall clock, for the monotonic one stands still while a whole machine is suspended.
        self._clock = clock
        self._connections: dict[asyncio.AbstractEventLoop, _Connection] = {}

    def unary_unary(self, method: str, *coders: Any, **options: Any) -> Any:
        """Makes a method that takes a message and answers one."""
        return _Method(self, "unary_unary", method, coders, options)

    def unary_stream(self, method: str, *coders: Any, **options: Any) -> Any:
        """Makes a method that takes a message and answers a stream."""
        return _Method(self, "unary_stream", method, coders, options)

    def stream_unary(self, method: str, *coders: Any, **options: Any) -> Any:
        """Makes a method that takes a stream and answers a message."""
        return _Method(self, "stream_unary", method, coders, options)

    def stream_stream(self, method: str, *coders: Any, **options: Any) -> Any:
        """Makes a method with a stream both ways."""
        return _Method(self, "stream_stream", method, coders, options)

    def start(self, method: _Method, request: Any, options: dict[str, Any]) -> Any:
        """Begins a call on this event loop's connection; `options` are those that grpc.aio's methods take."""
        metadata = (*(options.pop("metadata", None) or ()), *self._authorisation)
        return self._connection().start(method, request, {**options, "metadata": metadata})

    async def close(self, grace: float | None = None) -> None:
        """Ends this event loop's connection and its calls; a later call connects anew."""
        connection = self._connections.pop(asyncio.get_running_loop(), None)
        if connection is not None:
            await connection.channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """The state of this event loop's connection."""
        return self._connection().channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Waits until this event loop's connection is in another state than the given one."""
        await self._connection().channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Waits until this event loop's connection stands."""
        await self._connection().channel.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _connection(self) -> _Connection:
        loop, now = asyncio.get_running_loop(), self._clock()
        connection = self._connections.get(loop)
        if connection is None or connection.idle_seconds(now) > self._max_idle_seconds:
            # gRPC's channel closes itself once nothing refers to it any more.
            self._connections = {other: kept for other, kept in self._connections.items() if not other.is_closed()}
            connection = self._connections[loop] = _Connection(self._target)
        connection.last_used = now
        return connection


class _Method:
    """A method of the contract, bound to a connection only when it is called."""

    def __init__(
        self,
        channel: CoordinatorChannel,
        arity: str,
        name: str,
        coders: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        self._channel = channel
        self._arity = arity
        self._arguments = (name, *coders)
        self._options = options

    def __call__(self, request: Any = None, **options: Any) -> Any:
        return self._channel.start(self, request, options)

    def bind(self, channel: grpc.aio.Channel) -> Any:
        """The method on a real channel."""
        return getattr(channel, self._arity)(*self._arguments, **self._options)


class _Connection:
    """A real channel, its methods, and the calls under way on it."""

    def __init__(self, target: str) -> None:
        self.channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        self.last_used = 0.0
        self._methods: weakref.WeakKeyDictionary[_Method, Any] = weakref.WeakKeyDictionary()
        self._calls: weakref.WeakSet[grpc.aio.Call] = weakref.WeakSet()

    def start(self, method: _Method, request: Any, options: dict[str, Any]) -> Any:
        """Begins a call."""
        bound = self._methods.get(method)
        if bound is None:
            bound = self._methods[method] = method.bind(self.channel)
        call = bound(request, **options)
        self._calls.add(call)
        return call

    def idle_seconds(self, now: float) -> float:
        """For how long nothing was called; 0 while a call is under way."""
        return now - self.last_used if all(call.done() for call in self._calls) else 0.0
