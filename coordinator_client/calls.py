"""One way of calling: one time limit for all tries, repeats only where they are safe, errors translated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

import grpc.aio

from coordinator_client.backoff import Backoff
from coordinator_client.call_status import WatchedStatuses
from coordinator_client.errors import CoordinatorError, Draining, Unavailable, from_rpc_error

DEFAULT_TIMEOUT_SECONDS = 10.0
MAX_TRIES = 5

_BACKOFF = Backoff()

Request = TypeVar("Request")
Response = TypeVar("Response")


async def call_unary(
    method: Callable[..., Awaitable[Response]],
    request: Request,
    *,
    timeout_seconds: float,
    repeat_is_safe: bool,
) -> Response:
    """Calls a unary method; where nobody answered, again, at most five times within the time limit.

    Args:
        method: of a generated stub.
        request: its message.
        timeout_seconds: for all tries together.
        repeat_is_safe: whether the call may be repeated when it may have been carried out already.

    Raises:
        CoordinatorError: the last try's.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    tries = 0
    while True:
        try:
            return await method(request, timeout=deadline - loop.time())
        except grpc.aio.AioRpcError as failed:
            error = from_rpc_error(failed)
            tries += 1
            pause = _BACKOFF.seconds(tries, error.retry_after)
            final = tries == MAX_TRIES or loop.time() + pause >= deadline
            if final or not _may_repeat(error, repeat_is_safe):
                raise error from failed
        await asyncio.sleep(pause)


async def read_pages(
    method: Callable[..., Awaitable[Response]], request: Any, *, timeout_seconds: float
) -> AsyncGenerator[Response, None]:
    """Yields page after page of a list: each is read when the one before is used up, within a time limit of its own.

    Raises:
        CoordinatorError: a page's last try.
    """
    while True:
        page: Any = await call_unary(method, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def read_stream(
    call: grpc.aio.UnaryStreamCall[Request, Response],
) -> AsyncGenerator[Response, None]:
    """Yields what a stream answers; cancels the call when the reader leaves, for gRPC would let it run on.

    Raises:
        CoordinatorError: the stream ended with an error.
    """
    try:
        async for response in call:
            yield response
    except grpc.aio.AioRpcError as failed:
        raise from_rpc_error(failed) from failed
    finally:
        call.cancel()


async def send_stream(
    method: Callable[..., grpc.aio.StreamUnaryCall[Request, Response]],
    requests: AsyncGenerator[Request, None],
    timeout_seconds: float | None,
) -> Response:
    """Sends a stream of messages, at least one and each once there is room for it, and returns the one answer.

    `requests` is closed at the end; an error of its own cancels the call and comes out as it is.

    Raises:
        CoordinatorError: the stream was refused, perhaps before its end.
    """
    call: grpc.aio.StreamUnaryCall[Request, Response] | None = None
    try:
        # Not before: the other side would wait for a message that may take long to make.
        first = await anext(requests)
        call = method(timeout=timeout_seconds)
        return await _converse(call, first, requests)
    finally:
        if call is not None:
            call.cancel()
        await requests.aclose()


async def _converse(
    call: grpc.aio.StreamUnaryCall[Request, Response], first: Request, requests: AsyncGenerator[Request, None]
) -> Response:
    statuses = WatchedStatuses(call)
    try:
        if await _write(call, first):
            async for request in requests:
                if not await _write(call, request):
                    break
            await call.done_writing()
        return await call
    except grpc.aio.AioRpcError as failed:
        raise from_rpc_error(statuses.true_error(failed)) from failed


async def _write(call: grpc.aio.StreamUnaryCall[Request, Response], request: Request) -> bool:
    """Writes a message; answers whether the call is still on. Otherwise its status says why it is not."""
    try:
        await call.write(request)
    except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
        return False
    return True


def _may_repeat(error: CoordinatorError, repeat_is_safe: bool) -> bool:
    """Whether the coordinator was not there, and a second try can do no harm."""
    return isinstance(error, Draining) or (repeat_is_safe and isinstance(error, Unavailable))
