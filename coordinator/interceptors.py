"""What every call passes through: the check of its token, and the way of domain errors into statuses."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any, NoReturn, TypeAlias

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError

from coordinator.access import Access, authorization, is_open_to_all
from coordinator.errors import InvalidRequest, SluiceError
from coordinator.statuses import CODES, DETAILS_KEY, Incident, status_of

Context = grpc.aio.ServicerContext[Any, Any]
# Generic in its stubs alone.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

log = structlog.get_logger()


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Turns domain errors into statuses with details, and anything else into an incident that leaks nothing."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wraps the handler of a call of the contract; others, and unknown methods, stay as they are."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or is_open_to_all(method):
            return handler
        wrap = self._stream if handler.response_streaming else self._single
        make = _MAKERS[handler.request_streaming, handler.response_streaming]
        behaviour = getattr(handler, _BEHAVIOURS[handler.request_streaming, handler.response_streaming])
        return make(
            wrap(method, behaviour),
            request_deserializer=partial(_deserialize, handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _single(
        self, method: str, behaviour: Callable[[Any, Context], Awaitable[Any]]
    ) -> Callable[[Any, Context], Awaitable[Any]]:
        async def call(request: Any, context: Context) -> Any:
            async with self._translated(method, context):
                return await behaviour(_checked(request), context)

        return call

    def _stream(
        self, method: str, behaviour: Callable[[Any, Context], AsyncGenerator[Any, None]]
    ) -> Callable[[Any, Context], AsyncIterator[Any]]:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            async with self._translated(method, context), aclosing(behaviour(_checked(request), context)) as responses:
                async for response in responses:
                    yield response

        return call

    @asynccontextmanager
    async def _translated(self, method: str, context: Context) -> AsyncIterator[None]:
        try:
            self._access.check(method, authorization(context))
            yield
        except (grpc.aio.AbortError, asyncio.CancelledError, GeneratorExit):
            raise
        except SluiceError as error:
            await _abort(context, error)
        except Exception:
            incident = uuid.uuid4().hex
            log.exception("incident", incident=incident, method=method)
            await _abort(context, Incident(incident))


class _Malformed:
    """Stands for a message that could not be read, until somebody is there to be told so."""


def _deserialize(deserializer: Callable[[bytes], Any] | None, content: bytes) -> Any:
    try:
        return deserializer(content) if deserializer else content
    except DecodeError:
        return _Malformed()


def _checked(request: Any) -> Any:
    """Returns a request, or a stream of them, in which every message could be read. Raises InvalidRequest."""
    if isinstance(request, AsyncIterable):
        return _all_checked(request)
    if isinstance(request, _Malformed):
        raise InvalidRequest("The message cannot be read: it is none of this contract, or was damaged.")
    return request


async def _all_checked(requests: AsyncIterable[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        yield _checked(request)


async def _abort(context: Context, error: SluiceError) -> NoReturn:
    details = status_of(error).SerializeToString()
    await context.abort(CODES[error.reason], error.message, trailing_metadata=((DETAILS_KEY, details),))


# By (requests are a stream, responses are a stream).
_MAKERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
_BEHAVIOURS = {
    (False, False): "unary_unary",
    (False, True): "unary_stream",
    (True, False): "stream_unary",
    (True, True): "stream_stream",
}
