"""What a worker has in hand: every attempt from its claim until its handler has ended and the coordinator knows how."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from coordinator_client.attempt import Outcome
from coordinator_client.attempts import CANCELLATION_SECONDS, Assignment
from coordinator_client.errors import LeaseLost
from coordinator_client.leases import ClaimedJob, Lease
from coordinator_client.outcomes import AttemptFailure, Completion, Release, Snooze
from coordinator_client.stop_signal import EndReason, StopSignal
from coordinator_client.verbs import Verbs

RELEASE_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Handlers(Protocol):
    """The way to the handlers, on whichever loop they run."""

    def begin(self, assignments: Sequence[Assignment]) -> None:
        """Starts handlers."""

    def stop(self, leases: Sequence[Lease]) -> None:
        """Cancels handlers whose signals were given."""


@dataclass(slots=True)
class _Holding:
    job: ClaimedJob
    signal: StopSignal
    # Whether the worker still has the lease, as far as it knows.
    is_held: bool = True
    # The verb that ends the attempt, once the handler has ended.
    verb: asyncio.Future[bool] | None = None


class Holdings:
    """Hands attempts to their handlers and carries out what their ends call for; outlives streams and sessions."""

    def __init__(self, handlers: Handlers, verbs: Verbs, ended: Callable[[Lease], None]) -> None:
        """Takes what is called with each lease that is not in hand any more."""
        self._handlers = handlers
        self._verbs = verbs
        self._ended = ended
        self._in_hand: dict[Lease, _Holding] = {}
        self._bytes = 0
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._in_hand)

    @property
    def bytes_in_hand(self) -> int:
        """Bytes of payloads and files in hand."""
        return self._bytes

    @property
    def held(self) -> list[ClaimedJob]:
        """The jobs whose leases are held: not of those that were lost while their handlers are still to end."""
        return [holding.job for holding in self._in_hand.values() if holding.is_held]

    def has(self, job: ClaimedJob) -> bool:
        """Whether this very attempt is in hand."""
        return job.lease in self._in_hand

    def is_held(self, lease: Lease) -> bool:
        """Whether the worker has this lease, as far as it knows."""
        holding = self._in_hand.get(lease)
        return holding is not None and holding.is_held

    def begin(self, jobs: Iterable[ClaimedJob]) -> None:
        """Has the handlers of jobs started."""
        now = time.monotonic()
        taken = [(job, self._take(job)) for job in jobs]
        self._handlers.begin(
            [Assignment(job, holding.signal, now + job.deadline_seconds) for job, holding in taken],
        )

    def give_back(self, job: ClaimedJob) -> None:
        """Releases a job that is not to be started."""
        holding = self._take(job)
        self._carry_out(holding, self._verbs.release(job.lease))

    def end(self, outcomes: Iterable[tuple[Lease, Outcome]]) -> None:
        """Takes how handlers ended."""
        for lease, outcome in outcomes:
            if (holding := self._in_hand.get(lease)) is not None and holding.verb is None:
                self._end(holding, outcome)

    def lose(self, leases: Iterable[Lease], reason: EndReason = EndReason.LOST) -> None:
        """Stops the attempts whose leases are gone; of them nothing more is said.

        A verb under way goes on: it may be what ended the lease, and is answered then.
        """
        gone = [holding for lease in leases if (holding := self._in_hand.get(lease)) is not None and holding.is_held]
        for holding in gone:
            holding.is_held = False
        running = [holding for holding in gone if holding.verb is None]
        for holding in running:
            logger.warning("Job %s: its handler is stopped, %s", holding.job.lease, reason.name)
        self._stop(running, reason)

    async def lose_all(self) -> None:
        """Stops everything, and gives up what was not answered."""
        self.lose([job.lease for job in self.held])
        await self._verbs.close()

    def hurry(self) -> None:
        """Has what winds up look again at how long it may take."""
        self._changed.set()

    async def wind_up(self, leave_by: Callable[[], float]) -> None:
        """Lets what runs finish until then, then stops the rest and gives it back, attempts uncounted."""
        await self._until(lambda: not self._in_hand, leave_by)
        rest = [holding for holding in self._in_hand.values() if _is_running(holding)]
        if rest:
            logger.info("Giving back %d jobs that did not finish in time", len(rest))
            self._stop(rest, EndReason.STOPPING)
            await self._until(lambda: not any(map(_is_running, rest)), _seconds_from_now(CANCELLATION_SECONDS))
            for holding in filter(_is_running, rest):
                self._end(holding, None)
        await self._until(lambda: not self.held, _seconds_from_now(RELEASE_SECONDS))

    def _take(self, job: ClaimedJob) -> _Holding:
        holding = self._in_hand[job.lease] = _Holding(job, StopSignal())
        self._bytes += job.size
        return holding

    def _stop(self, holdings: Sequence[_Holding], reason: EndReason) -> None:
        for holding in holdings:
            holding.signal.give(reason)
        if holdings:
            self._handlers.stop([holding.job.lease for holding in holdings])

    def _end(self, holding: _Holding, outcome: Outcome) -> None:
        """Does what the end of a handler calls for."""
        lease = holding.job.lease
        if not holding.is_held:
            self._forget(lease)
        elif (verb := self._verb(lease, outcome)) is not None:
            self._carry_out(holding, verb)
        else:
            if isinstance(outcome, LeaseLost):
                logger.warning("Job %s: the lease was lost before its end", lease)
            self._forget(lease)

    def _verb(self, lease: Lease, outcome: Outcome) -> asyncio.Future[bool] | None:
        match outcome:
            case Completion():
                return self._verbs.complete(lease, outcome)
            case AttemptFailure(reason=reason):
                logger.info("Job %s failed: %s", lease, reason)
                return self._verbs.fail(lease, outcome)
            case Snooze(seconds=seconds):
                return self._verbs.snooze(lease, seconds)
            case Release() | None:
                # None: it was stopped, and neither done nor to blame.
                return self._verbs.release(lease)
        return None

    def _carry_out(self, holding: _Holding, verb: asyncio.Future[bool]) -> None:
        holding.verb = verb
        verb.add_done_callback(partial(self._note_answer, holding.job.lease))
        self._changed.set()

    def _note_answer(self, lease: Lease, verb: asyncio.Future[bool]) -> None:
        if not verb.cancelled() and (error := verb.exception()) is not None:
            logger.error("Job %s: ending its attempt broke", lease, exc_info=error)
        elif not verb.cancelled() and not verb.result():
            logger.warning("Job %s: the lease was lost before its end", lease)
        self._forget(lease)

    def _forget(self, lease: Lease) -> None:
        self._bytes -= self._in_hand.pop(lease).job.size
        self._changed.set()
        self._ended(lease)

    async def _until(self, condition: Callable[[], bool], end: Callable[[], float]) -> None:
        """Waits until a condition on what is in hand holds, but not beyond that time by the event loop's clock."""
        while not condition() and asyncio.get_running_loop().time() < end():
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(end()):
                    await self._changed.wait()


def _is_running(holding: _Holding) -> bool:
    """Whether the handler of a held job has not ended."""
    return holding.is_held and holding.verb is None


def _seconds_from_now(seconds: float) -> Callable[[], float]:
    end = asyncio.get_running_loop().time() + seconds
    return lambda: end
