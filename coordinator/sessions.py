"""Open claim streams as this coordinator sees them: what each asks for, what it is to be sent, when it spoke last."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from coordinator.domain import ClaimedJob, Lease, ReapedJob


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
    drain: bool = False


class Session:
    """One claim stream. Only the event loop touches it, so that what is claimed and what is asked for never part."""

    def __init__(self, session_id: int, worker: str, queues: Sequence[str], kinds: Sequence[str]) -> None:
        self.id = session_id
        self.worker = worker
        self.queues = tuple(queues)
        self.kinds = tuple(kinds)
        self.over = False
        self._heard_at = time.monotonic()
        self._granted_jobs = self._granted_bytes = 0
        self._bytes_limited = False
        self._ended_jobs = 0
        self._sent_jobs = self._sent_bytes = 0
        self._outbox: deque[Delivery | Notice] = deque()
        self._ready = asyncio.Event()
        self._claims = 0
        self._no_claims = asyncio.Event()
        self._no_claims.set()

    def hear(self) -> None:
        """Notes that the worker spoke: its leases run from now."""
        self._heard_at = time.monotonic()

    def silent_seconds(self) -> float:
        """Returns for how long the worker has said nothing."""
        return time.monotonic() - self._heard_at

    def grant(self, jobs_total: int, bytes_total: int | None, ended_total: int) -> None:
        """Takes the worker's newest totals; older ones no longer count."""
        self._granted_jobs = jobs_total
        self._bytes_limited = bytes_total is not None
        self._granted_bytes = bytes_total or 0
        self._ended_jobs = ended_total

    @property
    def wanted_jobs(self) -> int:
        """How many more jobs may be sent now."""
        return 0 if self.over else max(self._granted_jobs - self._sent_jobs, 0)

    @property
    def wanted_bytes(self) -> int | None:
        """How many more bytes may be sent now; None: no limit."""
        return max(self._granted_bytes - self._sent_bytes, 0) if self._bytes_limited else None

    @property
    def holds_nothing(self) -> bool:
        """Whether the worker has ended every job that it was sent."""
        return self._ended_jobs >= self._sent_jobs

    def reserve(self, jobs: int) -> None:
        """Sets credit aside while a claim is under way, so that another queue's claim cannot spend it too."""
        self._sent_jobs += jobs
        self._claims += 1
        self._no_claims.clear()

    def settle(self, reserved: int, delivery: Delivery) -> None:
        """Puts back what a claim did not use, and sends what it brought."""
        self._claims -= 1
        if not self._claims:
            self._no_claims.set()
        self._sent_jobs -= reserved - len(delivery.jobs)
        self._sent_bytes += sum(job.size for job in delivery.jobs)
        if delivery.jobs:
            self.send(delivery)

    def send(self, message: Delivery | Notice) -> None:
        """Puts a message into the outbox."""
        self._outbox.append(message)
        self._ready.set()

    def end(self) -> None:
        """Ends the session: nothing more is claimed for it, and whoever writes its stream stops."""
        self.over = True
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
        """Registers an open session."""
        self._sessions[session.id] = session
        self._empty.clear()

    def remove(self, session: Session) -> None:
        """Forgets a session."""
        self._sessions.pop(session.id, None)
        if not self._sessions:
            self._empty.set()

    async def emptied(self) -> None:
        """Waits until no session is left."""
        await self._empty.wait()

    def tell_lost(self, reaped: Iterable[ReapedJob]) -> None:
        """Tells the workers of this coordinator which of their leases were taken back."""
        for job in reaped:
            session = self._sessions.get(job.session_id) if job.session_id is not None else None
            if session is not None:
                session.send(Notice(lost=(job.lease,)))

    def tell_drain(self) -> None:
        """Tells every worker to move on."""
        for session in self:
            session.send(Notice(drain=True))
