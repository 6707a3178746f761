"""Enqueueing for busy callers: many requests over one stream, which is opened again where it breaks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

import grpc.aio

from coordinator_client.call_status import WatchedStatuses
from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS
from coordinator_client.errors import (
    CoordinatorError,
    CoordinatorUnreachable,
    DeadlineExceeded,
    Draining,
    Unavailable,
    from_reason,
    from_rpc_error,
)
from coordinator_client.patience import Patience
from protos.jobs.v1 import job_service_pb2 as messages

# As many as the coordinator lets be unanswered.
MOST_UNANSWERED = 1_000

_Call: TypeAlias = grpc.aio.StreamStreamCall[messages.EnqueueStreamRequest, messages.EnqueueStreamResponse]


@dataclass(slots=True)
class _Asked:
    """A request until it is answered. A caller that leaves before cancels its answer."""

    message: messages.EnqueueStreamRequest
    answer: asyncio.Future[messages.EnqueueResponse]
    # The coordinator may have it: then only one with an idempotency key may be sent again.
    is_sent: bool = False

    @property
    def may_be_sent_again(self) -> bool:
        return not self.answer.done() and (not self.is_sent or bool(self.message.request.idempotency_key))


class EnqueueStream:
    """Calls of `enqueue` from many tasks at once, each answered once its jobs are committed; see Producer.

    There is no timer and no batch to fill: a lone request goes at once, and what comes together shares a commit in the
    coordinator. At most 1,000 are unanswered; further callers wait for room.
    """

    def __init__(self, method: Callable[[], _Call]) -> None:
        """Takes the stub's method."""
        self._method = method
        self._numbers = itertools.count(1)
        self._room = asyncio.Semaphore(MOST_UNANSWERED)
        # In the order in which they came.
        self._asked: dict[str, _Asked] = {}
        self._news = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many requests are unanswered."""
        return len(self._asked)

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self._live(), name="enqueue stream")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the stream; callers that still wait for an answer get CoordinatorUnreachable."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        self._give_up(list(self._asked), _closed())

    async def enqueue(
        self,
        owner: str,
        jobs: Iterable[messages.NewJob],
        *,
        idempotency_key: str = "",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> messages.EnqueueResponse:
        """Stores jobs, all of them or none, durable once it answers; as `Producer.enqueue`, and refused as that is.

        Raises:
            Unavailable: the stream broke before the answer. A request with an idempotency key is sent again instead.
            DeadlineExceeded: no answer came in time; the jobs may be stored all the same.
        """
        if not self._is_open():
            raise RuntimeError("an enqueue stream is used inside of `async with`")
        request = messages.EnqueueRequest(owner=owner, jobs=jobs, idempotency_key=idempotency_key)
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._room.acquire()
                return await self._ask(request)
        except TimeoutError as late:
            raise DeadlineExceeded("no answer came in time") from late

    async def _ask(self, request: messages.EnqueueRequest) -> messages.EnqueueResponse:
        """Has a request sent and waits for its answer; the room for it is taken already."""
        if not self._is_open():
            self._room.release()
            raise _closed()
        request_id = str(next(self._numbers))
        message = messages.EnqueueStreamRequest(request_id=request_id, request=request)
        asked = self._asked[request_id] = _Asked(message, asyncio.get_running_loop().create_future())
        self._news.set()
        try:
            return await asked.answer
        finally:
            # Of one that was sent the room is free when its answer comes; of this one none will.
            if not asked.is_sent:
                self._take(request_id)

    def _is_open(self) -> bool:
        return self._life is not None and not self._life.done()

    async def _live(self) -> None:
        """Has a stream open from the first request on."""
        patience = Patience()
        while True:
            while not self._asked:
                self._news.clear()
                await self._news.wait()
            try:
                await self._converse(patience)
            except Unavailable as error:
                self._give_up([key for key, asked in self._asked.items() if not asked.may_be_sent_again], error)
                await patience.wait(error)
            except CoordinatorError as error:
                self._give_up(list(self._asked), error)

    async def _converse(self, patience: Patience) -> None:
        """Sends and reads on one stream until it breaks. Raises why."""
        for asked in self._asked.values():
            asked.is_sent = False
        call = self._method()
        statuses = WatchedStatuses(call)
        reading = asyncio.create_task(self._read(call, patience))
        try:
            while not reading.done():
                self._news.clear()
                await self._send(call)
                await _either(self._news.wait(), reading)
            if not reading.cancelled():
                reading.result()
        except grpc.aio.AioRpcError as failed:
            raise from_rpc_error(statuses.true_error(failed)) from failed
        finally:
            reading.cancel()
            call.cancel()
            await asyncio.wait([reading])
        raise Draining("the stream ended")

    async def _send(self, call: _Call) -> None:
        for asked in list(self._asked.values()):
            if not asked.is_sent and not asked.answer.done():
                asked.is_sent = True
                try:
                    await call.write(asked.message)
                except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
                    return  # the stream has ended, and its reader hears why

    async def _read(self, call: _Call, patience: Patience) -> None:
        async for response in call:
            patience.succeed()
            asked = self._take(response.request_id)
            if asked is None or asked.answer.done():
                continue
            if response.HasField("refusal"):
                asked.answer.set_exception(_error(response.refusal))
            else:
                asked.answer.set_result(response.response)

    def _give_up(self, request_ids: Iterable[str], error: CoordinatorError) -> None:
        for request_id in request_ids:
            asked = self._take(request_id)
            if asked is not None and not asked.answer.done():
                asked.answer.set_exception(error)

    def _take(self, request_id: str) -> _Asked | None:
        """Takes a request out, whose room is free again."""
        if (asked := self._asked.pop(request_id, None)) is not None:
            self._room.release()
        return asked


def _closed() -> CoordinatorError:
    return CoordinatorUnreachable("the stream was closed before the answer came")


def _error(refusal: messages.EnqueueRefusal) -> CoordinatorError:
    retry_after = refusal.retry_after.ToTimedelta().total_seconds() if refusal.HasField("retry_after") else None
    return from_reason(refusal.reason, refusal.message, refusal.metadata, retry_after)


async def _either(news: Coroutine[Any, Any, Any], reading: asyncio.Task[None]) -> None:
    """Waits for news, or for the end of the reading."""
    waiting = asyncio.create_task(news)
    try:
        await asyncio.wait([waiting, reading], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
