"""What the engine does to jobs, in plain Python: the oracle of the state machine. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

RETRY_SECONDS = 1.0
DEADLINE_SECONDS = 40.0


@dataclass(slots=True)
class ModelJob:
    priority: int
    max_attempts: int
    unique_key: str | None
    due: float | None
    expires: float | None
    state: str = "pending"
    attempt: int = 0
    token: int | None = None
    session: int | None = None
    started: float = 0.0
    ended: tuple[int, str] | None = None
    errors: int = 0
    progress: int | None = None

    @property
    def is_live(self) -> bool:
        return self.state in {"pending", "scheduled", "processing"}

    def give_up(self, verb: str, state: str) -> None:
        if self.token is not None:
            self.ended = (self.token, verb)
        self.state, self.token, self.session = state, None, None

    def err(self, verb: str, again: str, *, permanent: bool = False) -> None:
        self.errors += 1
        final = permanent or self.attempt >= self.max_attempts
        self.expires = self.expires if final else None
        self.give_up(verb, "failed" if final else again)


@dataclass(slots=True)
class ModelSession:
    expires: float
    epoch: int = 1
    open: bool = True


@dataclass
class Model:
    now: float = 0.0
    jobs: dict[UUID, ModelJob] = field(default_factory=dict)
    sessions: dict[int, ModelSession] = field(default_factory=dict)

    def claimable(self) -> dict[UUID, ModelJob]:
        pending = {job_id: job for job_id, job in self.jobs.items() if job.state == "pending"}
        return {job_id: job for job_id, job in pending.items() if job.expires is None or job.expires > self.now}

    def claim(self, job_id: UUID, token: int, session: int) -> None:
        job = self.jobs[job_id]
        job.state, job.attempt, job.started = "processing", job.attempt + 1, self.now
        job.token, job.session = token, session

    def hear(self, verb: str, job_id: UUID, token: int, value: float) -> bool:
        """A worker's message, fresh or old; returns whether it is answered with success."""
        job = self.jobs[job_id]
        if job.token != token:
            return verb != "progress" and job.ended == (token, verb)
        if verb == "complete":
            job.give_up(verb, "completed")
        elif verb == "fail":
            job.due = self.now + RETRY_SECONDS
            job.err(verb, "scheduled", permanent=value > 5)
        elif verb == "progress":
            job.progress = int(value)
        else:
            job.attempt -= 1
            job.give_up(verb, "pending" if verb == "release" else "scheduled")
            if verb == "snooze":
                job.due, job.expires = self.now + value, None
        return True

    def reap(self) -> None:
        for session in self.sessions.values():
            session.open = session.open and session.expires > self.now
        for job in self.jobs.values():
            if job.session is not None and not self.sessions[job.session].open:
                job.err("reap", "pending")

    def reap_overdue(self) -> None:
        for job in self.jobs.values():
            if job.token is not None and job.started + DEADLINE_SECONDS <= self.now:
                job.err("reap", "pending")

    def promote_and_expire(self) -> None:
        for job in self.jobs.values():
            if job.state == "scheduled" and job.due is not None and job.due <= self.now:
                job.state = "pending"
            was_never_taken = job.is_live and job.attempt == 0 and job.token is None
            if was_never_taken and job.expires is not None and job.expires <= self.now:
                job.err("expire", "", permanent=True)

    def redrivable(self, job_id: UUID) -> bool:
        job = self.jobs[job_id]
        taken = {other.unique_key for other in self.jobs.values() if other.is_live and other.unique_key}
        return job.state == "failed" and job.unique_key not in taken
