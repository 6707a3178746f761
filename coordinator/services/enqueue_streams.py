"""EnqueueStream: requests that come together share a commit, and one that is refused harms no other.

While one commit is under way the next requests gather; there is no timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.clocks import VirtualClocks
from coordinator.database import Database
from coordinator.domain import MIB
from coordinator.errors import ComeBackLater, Draining, InvalidRequest, SluiceError, StoreUnavailable
from coordinator.store import enqueueing
from coordinator.store.depths import Depths
from coordinator.store.enqueueing import EnqueueCall, Enqueued, NotTogether
from coordinator.wire.checks import check_text, duration
from coordinator.wire.jobs import JobDefaults, enqueue_response, new_jobs, request_hash
from protos.jobs.v1.job_service_pb2 import EnqueueRefusal, EnqueueStreamRequest, EnqueueStreamResponse

# What one stream may have unanswered; more is not read.
MOST_UNANSWERED = 1_000
MOST_UNANSWERED_BYTES = 16 * MIB
# Jobs that share a commit.
TOGETHER_JOBS = 5_000
# Of requests that are tried by themselves, how many at once: one that waits for a lock holds up few others.
APART = 4

# Nobody wakes it but a coordinator that leaves.
_TOPIC = "enqueue streams/"


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that was read and not answered yet."""

    request_id: str
    call: EnqueueCall
    size: int


class EnqueueStreams:
    """What the streams of a coordinator have in common."""

    def __init__(
        self,
        database: Database,
        clocks: VirtualClocks,
        announcer: Announcer,
        defaults: JobDefaults,
        check_open: Callable[[], None],
        background: BackgroundTasks,
        depths: Depths | None = None,
    ) -> None:
        self.announcer = announcer
        self.defaults = defaults
        self.check_open = check_open
        self.background = background
        self._database = database
        self._clocks = clocks
        self._depths = depths

    async def commit(self, batch: Sequence[Pending], answer: Callable[[Pending, Enqueued | SluiceError], None]) -> None:
        """Carries requests out together, or each by itself where that is refused; answers each once it is known.

        Raises StoreUnavailable where it is not known of some whether they were carried out: they have no answer.
        """
        if len(batch) > 1:
            try:
                calls = [one.call for one in batch]
                made, pending = await enqueueing.enqueue_together(self._database, self._clocks, calls, self._depths)
            except NotTogether:
                pass
            else:
                self.announcer.made_pending(pending)
                for one, enqueued in zip(batch, made, strict=True):
                    answer(one, enqueued)
                return
        turns = asyncio.Semaphore(APART)
        await asyncio.gather(*(self._commit_one(one, turns, answer) for one in batch))

    async def _commit_one(
        self, one: Pending, turns: asyncio.Semaphore, answer: Callable[[Pending, Enqueued | SluiceError], None]
    ) -> None:
        call = one.call
        async with turns:
            try:
                enqueued = await enqueueing.enqueue(
                    self._database, self._clocks, call.owner, call.key, call.request_hash, call.jobs, self._depths
                )
            except StoreUnavailable:
                raise
            except SluiceError as error:
                answer(one, error)
            else:
                self.announcer.made_pending(enqueued.pending)
                answer(one, enqueued)


class EnqueueStream:
    """One stream from its first request to its last answer."""

    def __init__(self, shared: EnqueueStreams) -> None:
        self._shared = shared
        self._waiting: deque[Pending] = deque()
        self._answers: deque[EnqueueStreamResponse] = deque()
        self._unanswered: dict[str, int] = {}
        self._leaving = False
        # A request came that was not taken any more.
        self._cut_short = False
        self._has_room = asyncio.Event()
        self._arrived = asyncio.Event()

    async def answers(
        self, requests: AsyncIterator[EnqueueStreamRequest]
    ) -> AsyncGenerator[EnqueueStreamResponse, None]:
        """Yields an answer a request, until the caller has said all.

        Raises InvalidRequest, Draining and StoreUnavailable; what is not answered then may have been carried out.
        """
        self._shared.check_open()
        with self._shared.announcer.listen([_TOPIC]) as news:
            self._news = news
            reading = asyncio.create_task(self._read(requests), name="read enqueue stream")
            # Goes on when the caller leaves: what has begun is carried out.
            committing = self._shared.background.start(self._commit(), name="commit enqueue stream")
            try:
                while True:
                    news.clear()
                    while self._answers:
                        yield self._answers.popleft()
                    if self._is_over(reading, committing):
                        break
                    await news.wait()
                await self._say_why(reading, committing)
            finally:
                self._leaving = True
                self._arrived.set()
                reading.cancel()

    def _is_over(self, reading: asyncio.Task[None], committing: asyncio.Task[None]) -> bool:
        if committing.done():
            return True
        try:
            self._shared.check_open()
        except Draining:
            # What was read is answered, and nothing more is.
            self._leaving = True
            return not self._unanswered
        return reading.done() and not self._unanswered

    async def _say_why(self, reading: asyncio.Task[None], committing: asyncio.Task[None]) -> None:
        """Raises why the stream is over, where it was not the caller's wish."""
        if committing.done():
            await committing
        if reading.done():
            await reading
        if self._cut_short or not reading.done():
            self._shared.check_open()

    async def _read(self, requests: AsyncIterator[EnqueueStreamRequest]) -> None:
        try:
            async for request in requests:
                if self._leaving:
                    self._cut_short = True
                    return
                self._take(request)
                while not self._is_roomy:
                    self._has_room.clear()
                    await self._has_room.wait()
        finally:
            self._news.set()

    @property
    def _is_roomy(self) -> bool:
        return len(self._unanswered) < MOST_UNANSWERED and sum(self._unanswered.values()) < MOST_UNANSWERED_BYTES

    def _take(self, message: EnqueueStreamRequest) -> None:
        """Checks a request and lets it wait for the next commit; one that cannot be right is answered at once."""
        request_id = check_text(message.request_id, "request_id", longest=64)
        if request_id in self._unanswered:
            raise InvalidRequest("A request of this id is under way.", field="request_id", value=request_id)
        size = message.ByteSize()
        self._unanswered[request_id] = size
        request = message.request
        try:
            jobs = new_jobs(request, self._shared.defaults)
        except SluiceError as error:
            self._put(EnqueueStreamResponse(request_id=request_id, refusal=refusal(error)))
            return
        call = EnqueueCall(request.owner, request.idempotency_key, request_hash(request), jobs)
        self._waiting.append(Pending(request_id, call, size))
        self._arrived.set()

    async def _commit(self) -> None:
        try:
            while True:
                if batch := take_batch(self._waiting):
                    await self._shared.commit(batch, self._answer)
                elif self._leaving:
                    return
                else:
                    self._arrived.clear()
                    await self._arrived.wait()
        finally:
            self._news.set()

    def _answer(self, one: Pending, result: Enqueued | SluiceError) -> None:
        response = EnqueueStreamResponse(request_id=one.request_id)
        if isinstance(result, Enqueued):
            response.response.CopyFrom(enqueue_response(result))
        else:
            response.refusal.CopyFrom(refusal(result))
        self._put(response)

    def _put(self, response: EnqueueStreamResponse) -> None:
        del self._unanswered[response.request_id]
        self._answers.append(response)
        self._has_room.set()
        self._news.set()


def take_batch(waiting: deque[Pending]) -> list[Pending]:
    """Takes requests that may share a commit from the front: within a number of jobs, and no key twice."""
    batch: list[Pending] = []
    jobs = 0
    keys: set[tuple[str, ...]] = set()
    while waiting:
        call = waiting[0].call
        own = set(_keys(call))
        jobs += len(call.jobs)
        if batch and (jobs > TOGETHER_JOBS or own & keys):
            break
        keys |= own
        batch.append(waiting.popleft())
    return batch


def _keys(call: EnqueueCall) -> Iterable[tuple[str, ...]]:
    if call.key:
        yield call.owner, call.key
    for job in call.jobs:
        if job.unique_key:
            yield call.owner, job.queue, job.unique_key


def refusal(error: SluiceError) -> EnqueueRefusal:
    """Says what Enqueue would have said in its status."""
    message = EnqueueRefusal(reason=error.reason, message=error.message, metadata=error.metadata)
    if isinstance(error, ComeBackLater):
        message.retry_after.CopyFrom(duration(error.retry_after_seconds))
    return message
