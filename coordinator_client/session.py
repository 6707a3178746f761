"""A worker's session: it outlives its streams, and ends when it is left or its lease runs out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import grpc.aio

from coordinator_client.backoff import Backoff
from coordinator_client.claim_call import ClaimCall, first_of
from coordinator_client.credit import Capacity, CreditLedger
from coordinator_client.errors import CoordinatorError, Draining, InvalidRequest, PermissionDenied, Unauthenticated
from coordinator_client.heartbeat import Heartbeat
from coordinator_client.holdings import Holdings
from coordinator_client.leases import ClaimedJob, Lease, MalformedBatch, claimed_jobs, from_columns, to_columns
from coordinator_client.profile import WorkerProfile
from coordinator_client.stop_signal import EndReason
from coordinator_client.verbs import Verbs
from protos.jobs.v1 import worker_service_pb2 as messages

MIN_WELCOME_SECONDS, MAX_WELCOME_SECONDS = 1.0, 10.0
# How long a leaving worker waits for the coordinator to have taken note, and to end the stream.
GOODBYE_SECONDS = 1.0
# A stream that lasted this long was a good one: after it the first reconnect is immediate again.
GOOD_STREAM_SECONDS = 5.0
# How many tries to be welcomed fit into a lease, though nobody answers.
TRIES_IN_A_LEASE = 4
# What is wrong with the worker itself, its queues, its kinds or its token: no waiting mends it.
_UNWELCOME = (InvalidRequest, PermissionDenied, Unauthenticated)

logger = logging.getLogger(__name__)


class Session:
    """Keeps a stream open, and resumes the session on another when it breaks; the work goes on meanwhile."""

    def __init__(
        self,
        profile: WorkerProfile,
        open_channel: Callable[[], grpc.aio.Channel],
        holdings: Holdings,
        verbs: Verbs,
        capacity: Capacity,
        retire: Callable[[], None],
    ) -> None:
        """Takes what is called when the coordinator asks the worker to end."""
        self._profile = profile
        self._open_channel = open_channel
        self._holdings = holdings
        self._verbs = verbs
        self._capacity = capacity
        self._retire = retire
        self._id = "(none yet)"
        self._secret = b""
        self._welcomed = asyncio.Event()
        # Of the newest stream that was welcomed: its pings prove the leases beyond its own end.
        self._heartbeat: Heartbeat | None = None
        self._channel: grpc.aio.Channel | None = None
        # Of the stream that is open now.
        self._call: ClaimCall | None = None
        self._ledger = CreditLedger(capacity)
        self._leaving = False

    async def run(self, stopping: asyncio.Event, leave_by: Callable[[], float]) -> None:
        """Works until the lease runs out without a stream, or until `stopping` is set and all is wound up.

        Handlers may go on until `leave_by`, by the event loop's clock, which may become earlier (see `Holdings.hurry`).

        Raises:
            CoordinatorError: no session is opened for such a worker.
        """
        try:
            await first_of(self._stay_connected(), self._watch_lease(), self._leave(stopping, leave_by))
        finally:
            await self._holdings.lose_all()
            if self._channel is not None:
                await self._channel.close()

    def tell_news(self) -> None:
        """Has changed credit sent."""
        if self._call is not None:
            self._call.tell_news()

    def note_end(self, lease: Lease) -> None:
        """Takes a lease that is not in hand any more."""
        self._ledger.end(lease)
        self.tell_news()

    async def _stay_connected(self) -> None:
        """Opens one stream after the other. The first reconnect is immediate; later ones spread out, as all workers."""
        failures = 0
        while not self._leaving:
            lasted = await self._work_on_one_stream()
            failures = 1 if lasted >= GOOD_STREAM_SECONDS else failures + 1
            if failures > 1:
                await asyncio.sleep(self._backoff().seconds(failures - 1))

    async def _work_on_one_stream(self) -> float:
        """Works until the stream is over; answers for how many seconds it was open."""
        channel = self._open_channel()
        call = ClaimCall(channel)
        loop = asyncio.get_running_loop()
        opened_at = float("inf")
        try:
            heartbeat = await self._open(call, channel)
            opened_at = loop.time()
            await call.converse(heartbeat, self._grant, self._take)
        except (CoordinatorError, MalformedBatch) as error:
            if isinstance(error, _UNWELCOME) and not self._welcomed.is_set():
                raise
            logger.warning("A claim stream of session %s is over: %s", self._id, error)
        finally:
            self._call = None
            # What the stream still says is not for us.
            call.cancel()
            if channel is not self._channel:
                await channel.close()
        return loop.time() - opened_at

    async def _open(self, call: ClaimCall, channel: grpc.aio.Channel) -> Heartbeat:
        """Opens the session, or resumes it; the verbs that wait go over the new stream's channel then."""
        held, sent_at = self._holdings.held, asyncio.get_running_loop().time()
        welcome = await call.greet(self._hello(held), self._welcome_seconds())
        lost = set(from_columns(welcome.lost))
        heartbeat = self._heartbeat = Heartbeat(welcome, sent_at)
        resumed, self._id, self._secret = bool(self._secret), welcome.session_id, welcome.session_secret
        self._welcomed.set()
        self._begin_ledger([job for job in held if job.lease not in lost])
        self._holdings.lose(lost)
        logger.info(
            "Session %s is %s, %d of %d leases are kept",
            self._id,
            "resumed" if resumed else "open",
            len(held) - len(lost),
            len(held),
        )
        former, self._channel, self._call = self._channel, channel, call
        self._verbs.use(channel)
        if former is not None:
            await former.close()
        return heartbeat

    def _hello(self, held: list[ClaimedJob]) -> messages.Hello:
        hello = self._profile.hello()
        hello.session_secret = self._secret
        hello.held.CopyFrom(to_columns(job.lease for job in held))
        return hello

    def _begin_ledger(self, held: list[ClaimedJob]) -> None:
        """Begins to count anew, from what the coordinator knows to be held; some of that has ended since the hello."""
        self._ledger = CreditLedger(self._capacity, held)
        for job in held:
            if not self._holdings.is_held(job.lease):
                self._ledger.end(job.lease)

    def _grant(self) -> messages.Credit:
        return self._ledger.grant(len(self._holdings), self._holdings.bytes_in_hand)

    def _take(self, message: messages.ClaimResponse) -> None:
        """Takes what the coordinator sends. Raises Draining where it leaves."""
        if message.HasField("jobs"):
            self._take_jobs(claimed_jobs(message.jobs))
        elif message.HasField("pong"):
            self._holdings.lose(from_columns(message.pong.lost))
            self._holdings.lose(from_columns(message.pong.cancelled), EndReason.CANCELLED)
            if message.pong.retire:
                self._retire()
            if message.pong.drain and not self._leaving:
                raise Draining("the coordinator is leaving")

    def _take_jobs(self, jobs: list[ClaimedJob]) -> None:
        for job in filter(self._holdings.has, jobs):
            logger.error("Job %s came a second time", job.lease)
        jobs = [job for job in jobs if not self._holdings.has(job)]
        granted = [job for job in jobs if self._ledger.receive(job)]
        self._holdings.begin(granted)
        for job in jobs[len(granted) :]:
            if not self._capacity.is_closed:
                logger.error("Job %s came without credit and is given back", job.lease)
            self._holdings.give_back(job)

    async def _watch_lease(self) -> None:
        """Waits until no answer of a coordinator proves the leases any more."""
        await self._welcomed.wait()
        while (left := self._seconds_sure()) > 0:  # noqa: ASYNC110 - for a time that moves on, not for a condition
            await asyncio.sleep(left)
        logger.error("Session %s is over: its lease ran out without an answer", self._id)

    async def _leave(self, stopping: asyncio.Event, leave_by: Callable[[], float]) -> None:
        """Waits to be asked to stop, then winds up and says goodbye."""
        await stopping.wait()
        self._capacity.is_closed = True
        await self._take_credit_back()
        await self._holdings.wind_up(leave_by)
        self._leaving = True
        if self._call is not None:
            self._call.say_goodbye()
            await asyncio.sleep(GOODBYE_SECONDS)

    async def _take_credit_back(self) -> None:
        """Waits for the answer to a ping sent after the credit: then all jobs that crossed it have come."""
        if self._call is None or self._heartbeat is None:
            return
        self._call.tell_news(ping=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._heartbeat.answer_to_next()

    def _seconds_sure(self) -> float:
        """For how long the leases still hold for certain."""
        return 0.0 if self._heartbeat is None else self._heartbeat.sure_until - asyncio.get_running_loop().time()

    def _welcome_seconds(self) -> float:
        return max(MIN_WELCOME_SECONDS, min(MAX_WELCOME_SECONDS, self._share_of_lease()))

    def _backoff(self) -> Backoff:
        ceiling = min(5.0, self._share_of_lease())
        return Backoff(min(0.25, ceiling), ceiling)

    def _share_of_lease(self) -> float:
        """Seconds in which a try has to be over, so that several fit into the lease; without one, for ever."""
        return float("inf") if self._heartbeat is None else self._heartbeat.lease_seconds / TRIES_IN_A_LEASE
