"""Open claim streams as this coordinator sees them: what each asks for, what it is to be sent, when it spoke last."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from coordinator.domain import ClaimedJob, Lease, LeaseNotice, NoticeReason
from coordinator.queue_turns import QueueTurns
from coordinator.store.sessions import Heard, SessionKey, WorkerProfile


@dataclass(frozen=True, slots=True)
class Delivery:
    """Jobs of one queue on their way to a worker."""

    queue: str
    jobs: tuple[ClaimedJob, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a worker must know: the answer to a ping, or (sequence 0) something that cannot wait for one."""

    sequence: int = 0
    lost: tuple[Lease, ...] = ()
    cancelled: tuple[Lease, ...] = ()
    drain: bool = False
    retire: bool = False


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credit that is set aside while a claim is under way, with the token of that claim and what else bounds it."""

    token: int
    jobs: int
    # None: no limit by bytes.
    bytes: int | None
    holds_nothing: bool


class Session:
    """One claim stream. Only the event loop touches it, so that what is claimed and what is asked for never part."""

    def __init__(self, key: SessionKey, profile: WorkerProfile, held: Mapping[Lease, int] | None = None) -> None:
        """Begins with what a resuming worker holds, and counts for in bytes; None where the session is new."""
        self.key = key
        self.profile = profile
        self.turns = QueueTurns(profile.queues)
        # Nothing more is claimed for it, and its stream ends.
        self.over = False
        # The worker left for good.
        self.said_goodbye = False
        # An operator wants its worker to end: nothing more is claimed for it.
        self.retiring = False
        # It expired, or was resumed on another stream: nothing is left to close.
        self.is_lost = False
        self._heard_at = self._renewed_at = time.monotonic()
        self._granted_jobs = self._granted_bytes = 0
        self._bytes_limited = False
        self._ended_jobs = 0
        self._sent_jobs, self._sent_bytes = len(held or ()), sum((held or {}).values())
        self._outbox: deque[Delivery | Notice] = deque()
        self._ready = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._claims = 0
        self._no_claims = asyncio.Event()
        self._no_claims.set()
        # What is known to have reached the worker, as long as it is not settled what did not.
        self._resumed_with = None if held is None else frozenset(held)
        self._own_tokens: set[int] = set()
        # Of claims whose answer was lost: they may have brought jobs, and may still.
        self._doubted: set[int] = set()

    @property
    def id(self) -> int:
        """The session's id, which it keeps on whatever stream."""
        return self.key.id

    def hear(self) -> None:
        """Notes that the worker spoke: its leases run from now."""
        self._heard_at = time.monotonic()

    def silent_seconds(self) -> float:
        """Returns for how long the worker has said nothing."""
        return time.monotonic() - self._heard_at

    def renewal(self, lease_seconds: float) -> Heard | None:
        """Returns for how long the session is to live on, None where nothing was heard since it was renewed last."""
        if self._heard_at <= self._renewed_at:
            return None
        return Heard(self.key, max(0, round((lease_seconds - self.silent_seconds()) * 1000)))

    def note_renewal(self, asked_at: float) -> None:
        """Notes that what was heard before that time (monotonic) is stored."""
        self._renewed_at = asked_at

    def grant(self, jobs_total: int, bytes_total: int | None, ended_total: int) -> None:
        """Takes the worker's newest totals; older ones no longer count."""
        self._granted_jobs = jobs_total
        self._bytes_limited = bytes_total is not None
        self._granted_bytes = bytes_total or 0
        self._ended_jobs = ended_total

    @property
    def wanted_jobs(self) -> int:
        """How many more jobs may be claimed now."""
        if self.over or self.retiring or self._doubted or (self.wanted_bytes == 0 and not self.holds_nothing):
            return 0
        return max(self._granted_jobs - self._sent_jobs, 0)

    @property
    def wanted_bytes(self) -> int | None:
        """How many more bytes may be sent now; None: no limit."""
        return max(self._granted_bytes - self._sent_bytes, 0) if self._bytes_limited else None

    @property
    def holds_nothing(self) -> bool:
        """Whether the worker has ended every job that it was sent, and none is being claimed for it."""
        return self._ended_jobs >= self._sent_jobs

    def turn_to_claim(self) -> AbstractAsyncContextManager[object]:
        """Lets one claim at a time through where bytes are limited: what one takes is known when it has ended."""
        return self._claiming if self._bytes_limited else nullcontext()

    def reserve(self, token: int, jobs: int) -> Reservation:
        """Sets credit aside while a claim is under way, so that another queue's claim cannot spend it too."""
        reservation = Reservation(token, jobs, self.wanted_bytes, self.holds_nothing)
        self._sent_jobs += jobs
        self._claims += 1
        self._no_claims.clear()
        if self._resumed_with is not None:
            self._own_tokens.add(token)
        return reservation

    def settle(self, reservation: Reservation, delivery: Delivery | None) -> None:
        """Puts back what a claim did not use, and sends what it brought; None: its answer was lost."""
        self._claims -= 1
        if not self._claims:
            self._no_claims.set()
        self._sent_jobs -= reservation.jobs
        if delivery is None:
            self._doubted.add(reservation.token)
        elif delivery.jobs:
            self._sent_jobs += len(delivery.jobs)
            self._sent_bytes += sum(job.size for job in delivery.jobs)
            self.turns.note_served(delivery.queue)
            self.send(delivery)

    @property
    def is_claiming(self) -> bool:
        """Whether a claim is under way, and credit is set aside for it."""
        return self._claims > 0

    @property
    def is_doubtful(self) -> bool:
        """Whether a claim's answer was lost: nothing more is claimed until it is settled what became of it."""
        return bool(self._doubted)

    @property
    def is_unsettled(self) -> bool:
        """Whether the session may hold leases whose jobs never reached the worker."""
        return self._resumed_with is not None or bool(self._doubted)

    def undelivered(self, leases: Iterable[Lease]) -> list[Lease]:
        """Returns those of the session's leases whose jobs never reached the worker."""
        known = self._resumed_with
        return [
            lease
            for lease in leases
            if lease.token in self._doubted
            or (known is not None and lease not in known and lease.token not in self._own_tokens)
        ]

    def note_settled(self, doubted: frozenset[int]) -> None:
        """Notes that what had not reached the worker went back, with the claims that were in doubt at that time."""
        self._resumed_with = None
        self._own_tokens.clear()
        self._doubted -= doubted

    @property
    def doubted(self) -> frozenset[int]:
        """The tokens of claims whose answer was lost."""
        return frozenset(self._doubted)

    def send(self, message: Delivery | Notice) -> None:
        """Puts a message into the outbox."""
        self._outbox.append(message)
        self._ready.set()

    def end(self, *, lost: bool = False) -> None:
        """Ends the stream's part: nothing more is claimed for it, and whoever writes it stops."""
        self.over = True
        self.is_lost = self.is_lost or lost
        self._ready.set()

    async def next_message(self) -> Delivery | Notice | None:
        """Waits for what is to be sent next; None once the session is over."""
        while not self.over:
            if self._outbox:
                return self._outbox.popleft()
            self._ready.clear()
            await self._ready.wait()
        return None

    async def take_undelivered(self) -> list[Lease]:
        """Waits for the claims under way and takes the leases of jobs that were claimed and never sent."""
        await self._no_claims.wait()
        messages, self._outbox = self._outbox, deque()
        deliveries = [message for message in messages if isinstance(message, Delivery)]
        return [job.lease for delivery in deliveries for job in delivery.jobs]


class SessionRegistry:
    """The sessions of this coordinator, by id."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session: Session) -> None:
        """Registers an open session; a former stream of the same one ends."""
        former = self._sessions.get(session.id)
        if former is not None:
            former.end(lost=True)
        self._sessions[session.id] = session
        self._empty.clear()

    def remove(self, session: Session) -> None:
        """Forgets a session, unless another stream has it by now."""
        if self._sessions.get(session.id) is session:
            del self._sessions[session.id]
        if not self._sessions:
            self._empty.set()

    async def emptied(self) -> None:
        """Waits until no session is left."""
        await self._empty.wait()

    def tell(self, notices: Iterable[LeaseNotice]) -> None:
        """Tells workers which of their leases others have ended."""
        told: dict[int, dict[NoticeReason, list[Lease]]] = {}
        for notice in notices:
            told.setdefault(notice.session_id, {}).setdefault(notice.reason, []).append(notice.lease)
        for session_id, leases in told.items():
            if (session := self._sessions.get(session_id)) is not None:
                lost, cancelled = leases.get(NoticeReason.LOST, ()), leases.get(NoticeReason.CANCELLED, ())
                session.send(Notice(lost=tuple(lost), cancelled=tuple(cancelled)))

    def tell_retiring(self, session_ids: Iterable[int]) -> None:
        """Tells workers that they are to end, once each; every Pong says it again."""
        for session_id in session_ids:
            session = self._sessions.get(session_id)
            if session is not None and not session.retiring:
                session.retiring = True
                session.send(Notice(retire=True))

    def tell_drain(self) -> None:
        """Tells every worker to move on."""
        for session in self:
            session.send(Notice(drain=True))
