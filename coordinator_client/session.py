"""One claim stream: its hello, its pings and credits, the jobs that come, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import TypeAlias

import grpc.aio

from coordinator_client.attempts import Attempts
from coordinator_client.credit import CreditLedger
from coordinator_client.errors import CoordinatorUnreachable, from_rpc_error
from coordinator_client.heartbeat import Heartbeat
from coordinator_client.leases import ClaimedJob, MalformedBatch, claimed_jobs, from_columns
from coordinator_client.profile import WorkerProfile
from protos.jobs.v1 import worker_service_pb2 as messages
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub

WELCOME_SECONDS = 10.0
# How long what runs may take when it is the coordinator who leaves: less than its own patience.
COORDINATOR_GRACE_SECONDS = 5.0
# How long a leaving worker waits for the coordinator to have taken note, and to end the stream.
GOODBYE_SECONDS = 1.0

ClaimCall: TypeAlias = grpc.aio.StreamStreamCall[messages.ClaimRequest, messages.ClaimResponse]

logger = logging.getLogger(__name__)


class Session:
    """A worker's session: when its stream ends, so do its leases, and the handlers with them."""

    def __init__(self, channel: grpc.aio.Channel, profile: WorkerProfile) -> None:
        self._profile = profile
        self._call: ClaimCall = WorkerServiceStub(channel).Claim()
        self._ledger = CreditLedger(profile.concurrency, profile.max_bytes)
        self._attempts = Attempts(profile, channel, self._note_end)
        self._heartbeat: Heartbeat | None = None
        # Something is to be sent before the next ping is due; with `_ping_asked`, that is a ping.
        self._news = asyncio.Event()
        self._ping_asked = False
        self._drain_asked = asyncio.Event()
        self._grace_seconds = 0.0
        self._said_goodbye = False

    async def run(self) -> None:
        """Works until the stream ends; returns when the session was drained.

        Raises:
            CoordinatorError: the stream could not be opened, broke, fell silent, or was ended by the
                coordinator.
        """
        try:
            await first_of(self._converse(), self._leave())
        except grpc.aio.AioRpcError as failed:
            raise from_rpc_error(failed) from failed
        finally:
            # Not cancelled, the call would live on in the coordinator. What it still says is not for us.
            self._call.cancel()
            await self._attempts.abandon()

    def drain(self, grace_seconds: float) -> None:
        """Takes no more jobs, lets what runs finish for so long, gives the rest back, and leaves."""
        if not self._drain_asked.is_set():
            self._grace_seconds = grace_seconds
            self._drain_asked.set()

    async def _converse(self) -> None:
        self._heartbeat = await self._greet()
        await first_of(self._receive(self._heartbeat), self._send(self._heartbeat))

    async def _greet(self) -> Heartbeat:
        """Opens the session and waits to be welcomed."""
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                await self._call.write(messages.ClaimRequest(hello=self._profile.hello()))
                answer = await self._call.read()
        except TimeoutError as silence:
            raise CoordinatorUnreachable("no welcome came in time") from silence
        if not isinstance(answer, messages.ClaimResponse) or not answer.HasField("welcome"):
            raise CoordinatorUnreachable("the coordinator's first message was no welcome")
        logger.info("Session %s is open", answer.welcome.session_id)
        return Heartbeat(answer.welcome)

    async def _receive(self, heartbeat: Heartbeat) -> None:
        """Takes what the coordinator sends. One whose pings stay unanswered is dead, however it looks."""
        try:
            async with asyncio.timeout_at(heartbeat.sure_until) as silence:
                while isinstance(message := await self._call.read(), messages.ClaimResponse):
                    self._take(message, heartbeat)
                    silence.reschedule(heartbeat.sure_until)
        except TimeoutError as error:
            raise CoordinatorUnreachable("no ping was answered within the lease") from error
        except MalformedBatch as error:
            raise CoordinatorUnreachable(f"the coordinator sent a malformed message: {error}") from error
        if not self._said_goodbye:
            raise CoordinatorUnreachable("the coordinator ended the stream")

    def _take(self, message: messages.ClaimResponse, heartbeat: Heartbeat) -> None:
        if message.HasField("jobs"):
            for job in claimed_jobs(message.jobs):
                self._take_job(job)
        elif message.HasField("pong"):
            heartbeat.hear(message.pong.sequence)
            self._attempts.lose(from_columns(message.pong.lost))
            if message.pong.drain:
                self.drain(COORDINATOR_GRACE_SECONDS)

    def _take_job(self, job: ClaimedJob) -> None:
        if self._ledger.receive(job.size):
            self._attempts.begin(job)
            return
        if not self._ledger.is_closed:
            logger.error("Job %s came without credit and is given back", job.lease)
        self._attempts.give_back(job)

    def _note_end(self, job: ClaimedJob) -> None:
        self._ledger.end(job.size)
        self._news.set()

    async def _send(self, heartbeat: Heartbeat) -> None:
        """Sends credits and pings: the only one who writes to the stream, as gRPC asks."""
        try:
            await self._send_what_is_due(heartbeat)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            # The stream has ended, and its reader hears why.
            await asyncio.get_running_loop().create_future()

    async def _send_what_is_due(self, heartbeat: Heartbeat) -> None:
        """Sends the credit whenever it has changed, and pings at their interval and when asked for."""
        loop = asyncio.get_running_loop()
        sent, due = messages.Credit(), loop.time()
        while True:
            self._news.clear()
            credit = self._ledger.grant()
            if credit != sent:
                await self._call.write(messages.ClaimRequest(credit=credit))
                sent = credit
            if self._ping_asked or loop.time() >= due:
                self._ping_asked = False
                await self._call.write(messages.ClaimRequest(ping=heartbeat.ping()))
                due = loop.time() + heartbeat.interval_seconds
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._news.wait()

    async def _leave(self) -> None:
        """Waits to be asked to drain, then winds up and says goodbye."""
        await self._drain_asked.wait()
        if self._heartbeat is None:
            return
        await self._take_credit_back(self._heartbeat)
        await self._attempts.wind_up(self._grace_seconds)
        self._said_goodbye = True
        await self._call.done_writing()
        await asyncio.sleep(GOODBYE_SECONDS)

    async def _take_credit_back(self, heartbeat: Heartbeat) -> None:
        """Waits for the answer to a ping sent after the credit: then all jobs that crossed it have come."""
        self._ledger.close()
        self._ping_asked = True
        self._news.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await heartbeat.answer_to_next()


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
