"""One claim stream: its hello, what is sent and received on it, and its goodbye."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TypeAlias

import grpc.aio

from coordinator_client.errors import CoordinatorUnreachable, from_rpc_error
from coordinator_client.heartbeat import Heartbeat
from protos.jobs.v1 import worker_service_pb2 as messages
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub

_Call: TypeAlias = grpc.aio.StreamStreamCall[messages.ClaimRequest, messages.ClaimResponse]


class ClaimCall:
    """Speaks and listens on one stream; knows nothing of the jobs that come over it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._call: _Call = WorkerServiceStub(channel).Claim()
        # Something is to be sent before the next ping is due; with `_ping_asked`, that is a ping.
        self._news = asyncio.Event()
        self._ping_asked = False
        self._goodbye_asked = False
        self._said_goodbye = False

    async def greet(self, hello: messages.Hello, seconds: float) -> messages.Welcome:
        """Says hello and waits for the welcome.

        Raises:
            CoordinatorError: it was refused, or did not come in time.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._call.write(messages.ClaimRequest(hello=hello))
                answer = await self._call.read()
        except TimeoutError as silence:
            raise CoordinatorUnreachable("no welcome came in time") from silence
        except asyncio.InvalidStateError as ended:
            raise CoordinatorUnreachable("the stream ended before the hello was said") from ended
        except grpc.aio.AioRpcError as failed:
            raise from_rpc_error(failed) from failed
        if not isinstance(answer, messages.ClaimResponse) or not answer.HasField("welcome"):
            raise CoordinatorUnreachable("the coordinator's first message was no welcome")
        return answer.welcome

    async def converse(
        self,
        heartbeat: Heartbeat,
        credit: Callable[[], messages.Credit],
        take: Callable[[messages.ClaimResponse], None],
    ) -> None:
        """Pings, sends the credit whenever it has changed, and takes what comes; returns at the end after a goodbye.

        Raises:
            CoordinatorError: the stream broke, fell silent, or was ended by the coordinator; what `take` raises too.
        """
        try:
            await first_of(self._receive(heartbeat, take), self._send(heartbeat, credit))
        except grpc.aio.AioRpcError as failed:
            raise from_rpc_error(failed) from failed

    def tell_news(self, *, ping: bool = False) -> None:
        """Has the credit looked at, and a ping sent where one is asked for, before the next is due."""
        self._ping_asked = self._ping_asked or ping
        self._news.set()

    def say_goodbye(self) -> None:
        """Has the goodbye sent, after which nothing follows; the coordinator ends the stream then."""
        self._goodbye_asked = True
        self._news.set()

    def cancel(self) -> None:
        """Ends the call on both sides: not cancelled, it would live on in the coordinator."""
        self._call.cancel()

    async def _receive(self, heartbeat: Heartbeat, take: Callable[[messages.ClaimResponse], None]) -> None:
        try:
            async with asyncio.timeout_at(heartbeat.silent_at) as silence:
                while isinstance(message := await self._call.read(), messages.ClaimResponse):
                    if message.HasField("pong"):
                        heartbeat.hear(message.pong.sequence)
                    take(message)
                    silence.reschedule(heartbeat.silent_at)
        except TimeoutError as error:
            raise CoordinatorUnreachable("no ping was answered for too long") from error
        if not self._said_goodbye:
            raise CoordinatorUnreachable("the coordinator ended the stream")

    async def _send(self, heartbeat: Heartbeat, credit: Callable[[], messages.Credit]) -> None:
        """Sends what is due: the only one who writes to the stream, as gRPC asks. Ends with the stream alone."""
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self._send_what_is_due(heartbeat, credit)
        # The stream has ended, and its reader hears why.
        await asyncio.get_running_loop().create_future()

    async def _send_what_is_due(self, heartbeat: Heartbeat, credit: Callable[[], messages.Credit]) -> None:
        loop = asyncio.get_running_loop()
        sent: messages.Credit | None = None
        due = loop.time()
        while not self._goodbye_asked:
            self._news.clear()
            if (total := credit()) != sent:
                await self._call.write(messages.ClaimRequest(credit=total))
                sent = total
            if self._ping_asked or loop.time() >= due:
                self._ping_asked = False
                await self._call.write(messages.ClaimRequest(ping=heartbeat.ping()))
                due = loop.time() + heartbeat.interval_seconds
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._news.wait()
        self._said_goodbye = True
        await self._call.write(messages.ClaimRequest(goodbye=messages.Goodbye()))
        await self._call.done_writing()


async def first_of(*works: Coroutine[None, None, None]) -> None:
    """Runs several coroutines until one of them ends, however; stops the others and waits for them."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            if task.cancelled():
                raise CoordinatorUnreachable("the stream was cancelled")
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
