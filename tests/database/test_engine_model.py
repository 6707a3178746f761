"""The store against a model: any order of verbs, deaths and old messages, with time that is pushed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from coordinator.database import Database
from coordinator.domain import Failure, Lease, Place, Postponement, Progress, ProgressReport, RetryPolicy
from coordinator.errors import JobFinished
from coordinator.store import enqueueing, jobs, leases, reaping, sessions
from coordinator.store.auditing import Act
from coordinator.store.sessions import Heard, SessionKey
from tests.database.engine_model import DEADLINE_SECONDS, RETRY_SECONDS, Model, ModelJob, ModelSession
from tests.database.stores import PROFILE, Clock, Store, new_database, new_job

T = TypeVar("T")

LEASE_SECONDS = 15.0
GRACE_SECONDS = 1.5
VERBS = ("release", "fail", "snooze", "complete", "progress")
# How often each comes, one against another.
HAPPENINGS = (
    *("claim",) * 5,
    *("say",) * 4,
    *("old",) * 6,
    *("duty",) * 4,
    *("enqueue", "time", "session") * 2,
    *("intervene", "coordinator"),
)
EVERYTHING = (
    "TRUNCATE sluice.jobs, sluice.job_history, sluice.lanes, sluice.queue_clocks, sluice.worker_sessions, "
    "sluice.lease_notices, sluice.enqueue_keys, sluice.queues, sluice.audit_log"
)
STAND = (
    "SELECT id, state, attempt, lease_token, ended_token, ended_verb, coalesce(jsonb_array_length(errors), 0), "
    "(progress ->> 'done')::integer FROM sluice.jobs UNION ALL "
    "SELECT id, state, attempt, NULL, ended_token, ended_verb, coalesce(jsonb_array_length(errors), 0), "
    "(progress ->> 'done')::integer FROM sluice.job_history"
)


class Engine(RuleBasedStateMachine):
    """Two coordinators over one database, any number of workers, and everything that was ever said."""

    def __init__(self, runner: asyncio.Runner, database: Database, clock: Clock, owner_url: str) -> None:
        super().__init__()
        self._runner = runner
        self._owner = psycopg.connect(owner_url, autocommit=True)
        self._owner.execute(EVERYTHING)
        self._clock = clock
        self.database = database
        self.coordinators = [Store(database), Store(database)]
        self.model = Model()
        self.keys: dict[int, SessionKey] = {}
        self.secrets: dict[int, bytes] = {}
        self.said: list[tuple[str, UUID, int, float]] = []
        # Every lease that was ever given.
        self.given: list[tuple[str, UUID, int, float]] = []
        self.requests: dict[str, tuple[UUID, ...]] = {}

    def teardown(self) -> None:
        self._owner.close()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)

    def tell(self, places: tuple[Place, ...]) -> None:
        """Whoever makes jobs pending tells every coordinator."""
        for store in self.coordinators:
            store.marks.lower(places)

    @rule(data=st.data(), what=st.sampled_from(HAPPENINGS))
    def something_happens(self, data: st.DataObject, what: str) -> None:
        """One rule for all, so that each comes as often as it should: rules of their own would be left out at whim."""
        if what == "say" and not any(job.token is not None for job in self.model.jobs.values()):
            what = "claim"
        if what == "claim" and not self.model.claimable():
            what = "enqueue"
        if what in {"old", "intervene"} and not self.given:
            what = "claim"
        getattr(self, f"_{what}")(data)

    def _enqueue(self, data: st.DataObject) -> None:
        number, priority = data.draw(st.integers(1, 3)), data.draw(st.integers(-1, 1))
        lane, at = data.draw(st.sampled_from([None, "a", "b"])), data.draw(st.integers(0, 1))
        delay, expire = data.draw(st.sampled_from([0, 0, 0, 5])), data.draw(st.sampled_from([None, None, 20]))
        unique, key = (
            data.draw(st.sampled_from([None, None, "x", "y"])),
            data.draw(st.sampled_from(["", "", "k1", "k2"])),
        )
        attempts = data.draw(st.integers(1, 3))
        policy = RetryPolicy(attempts, round(RETRY_SECONDS * 1000), 1.0, 60_000, jitter=0.0)
        new = [
            new_job(
                priority=priority,
                lane=lane,
                delay_ms=delay * 1000,
                expire_ms=None if expire is None else expire * 1000,
                retry_policy=policy,
                unique_key=unique,
                deadline_ms=round(DEADLINE_SECONDS * 1000),
            )
            for _ in range(number)
        ]
        store = self.coordinators[at]
        stored = self.run(enqueueing.enqueue(self.database, store.clocks, "tests", key, key.encode(), new))
        self.tell(stored.pending)
        assert stored.repeated == (key in self.requests)
        if stored.repeated:
            assert stored.job_ids == self.requests[key]
            return
        if key:
            self.requests[key] = stored.job_ids
        holder = next(
            (k for k, job in self.model.jobs.items() if unique and job.unique_key == unique and job.is_live), None
        )
        for wanted, job_id in zip(new, stored.job_ids, strict=True):
            if unique:
                holder = holder or wanted.id
                assert job_id == holder
            if job_id == wanted.id and job_id not in self.model.jobs:
                due = self.model.now + delay if delay else None
                expires = None if expire is None else self.model.now + expire
                state = "scheduled" if delay else "pending"
                self.model.jobs[job_id] = ModelJob(priority, attempts, unique, due, expires, state)

    @initialize(at=st.integers(0, 1))
    def somebody_works(self, at: int) -> None:
        self._open_session(at)

    def _open_session(self, at: int) -> None:
        secret = secrets.token_bytes(8)
        key = self.run(self.coordinators[at].open_session(LEASE_SECONDS, secret))
        self.keys[key.id], self.secrets[key.id] = key, secret
        self.model.sessions[key.id] = ModelSession(self.model.now + LEASE_SECONDS)

    def _claim(self, data: st.DataObject) -> None:
        number, at, from_start = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 1)), data.draw(st.booleans())
        if not any(session.open for session in self.model.sessions.values()):
            self._open_session(at)
        session_id = data.draw(st.sampled_from(sorted(self.keys)))
        key = self.keys[session_id]
        session = self.model.sessions[session_id]
        may = session.open and session.expires > self.model.now
        claimable = self.model.claimable()
        claimed = self.run(self.coordinators[at].claim(key, number, from_start=from_start))
        assert len(claimed) == (min(number, len(claimable)) if may else 0), "by its marks as well as from the start"
        for job in claimed:
            assert job.lease.job_id in claimable, "none is held twice, none runs before its time"
            self.model.claim(job.lease.job_id, job.lease.token, session_id)
            self.given.append(("", job.lease.job_id, job.lease.token, 3.0))
            assert job.attempt == self.model.jobs[job.lease.job_id].attempt
        left = [job.priority for key, job in claimable.items() if key not in {one.lease.job_id for one in claimed}]
        assert not claimed or not left or max(job.priority for job in claimed) <= min(left), "strict by priority"

    def _say(self, data: st.DataObject) -> None:
        verb, value = data.draw(st.sampled_from(VERBS)), data.draw(st.integers(0, 9))
        held = {job_id: job.token for job_id, job in self.model.jobs.items() if job.token is not None}
        job_id = data.draw(st.sampled_from(sorted(held)))
        message = (verb, job_id, held[job_id] or 0, float(value))
        self.said.append(message)
        self._hear(*message)

    def _old(self, data: st.DataObject) -> None:
        """The same once more, another verb with an old token, or whatever where somebody else has the job."""
        verb, what = data.draw(st.sampled_from(VERBS)), data.draw(st.sampled_from(["zombie", "again", "other"]))
        old = self.zombies() if what == "zombie" else self.said
        said, job_id, token, value = data.draw(st.sampled_from(old or self.given))
        self._hear(said if what == "again" and said else verb, job_id, token, value)

    def zombies(self) -> list[tuple[str, UUID, int, float]]:
        """Leases of jobs that are held under another one by now."""
        jobs = self.model.jobs
        return [one for one in self.given if jobs[one[1]].token is not None and jobs[one[1]].token != one[2]]

    def _hear(self, verb: str, job_id: UUID, token: int, value: float) -> None:
        accepted = self.run(self._deliver(verb, Lease(job_id, token), value))
        assert accepted == self.model.hear(verb, job_id, token, value), verb

    async def _deliver(self, verb: str, lease: Lease, value: float) -> bool:
        match verb:
            case "complete":
                return not await leases.complete(self.database, [lease], ["1"])
            case "fail":
                (outcome,) = await leases.fail(self.database, [Failure(lease, "BROKEN", "", permanent=value > 5)])
                return not outcome.refused
            case "release":
                refused = await leases.release(self.database, [lease], on_freed=lambda freed: self.tell(freed.pending))
                return not refused
            case "snooze":
                return not await leases.snooze(self.database, [Postponement(lease, round(value * 1000))])
            case _:
                report = ProgressReport(lease, Progress(int(value), 10, ""))
                return not await leases.report_progress(self.database, [report])

    def _time(self, data: st.DataObject) -> None:
        seconds = data.draw(st.sampled_from([1.0, 4.0, 16.0, 16.0, 41.0]))
        self._clock.push(seconds)
        self.model.now += seconds

    def _session(self, data: st.DataObject) -> None:
        what = data.draw(st.sampled_from(["ping", "resume", "late", "leave", "close"]))
        at = data.draw(st.integers(0, 1))
        session_id = data.draw(st.sampled_from(sorted(self.keys)))
        key, session = self.keys[session_id], self.model.sessions[session_id]
        until = self.model.now + LEASE_SECONDS
        match what:
            case "ping":
                alive = self.run(sessions.keep_alive(self.database, [Heard(key, round(LEASE_SECONDS * 1000))]))
                assert alive == ({session_id} if session.open else set())
                session.expires = max(session.expires, until)
            case "late":  # what a coordinator that was passed over still does
                former = SessionKey(session_id, key.epoch - 1)
                assert self.run(self.coordinators[at].claim(former, 4)) == []
                assert not self.run(sessions.keep_alive(self.database, [Heard(former, 10**9)]))
                self.run(sessions.close_session(self.database, former))
                self.run(sessions.leave_session(self.database, former, 0.0))
            case "leave":
                self.run(sessions.leave_session(self.database, key, GRACE_SECONDS))
                session.expires = min(session.expires, self.model.now + GRACE_SECONDS)
            case "close":
                self.run(sessions.close_session(self.database, key))
                session.open = False
            case _:
                by, secret = self.coordinators[at].coordinator, self.secrets[session_id]
                resumed = self.run(sessions.resume_session(self.database, by, PROFILE, secret, LEASE_SECONDS))
                assert (resumed is not None) == session.open
                if resumed is not None:
                    session.epoch, session.expires = session.epoch + 1, until
                    assert resumed == SessionKey(session_id, session.epoch)
                    self.keys[session_id] = resumed

    def _duty(self, data: st.DataObject) -> None:
        match data.draw(st.sampled_from(["promote", "reap", "overdue"])):
            case "reap":
                ended = self.run(reaping.reap_dead_sessions(self.database))
                self.tell(tuple(job.place for job in ended if job.place is not None))
                self.model.reap()
            case "overdue":
                ended = self.run(reaping.reap_overdue(self.database))
                self.tell(tuple(job.place for job in ended if job.place is not None))
                self.model.reap_overdue()
            case _:
                self.tell(self.run(jobs.promote_due(self.database)))
                self.run(reaping.expire_jobs(self.database))
                self.model.promote_and_expire()

    def _intervene(self, data: st.DataObject) -> None:
        what, at = data.draw(st.sampled_from(["redrive", "cancel"])), data.draw(st.integers(0, 1))
        failed = sorted(job_id for job_id, job in self.model.jobs.items() if job.state == "failed")
        if what == "cancel":
            self._cancel(data.draw(st.sampled_from(sorted(self.model.jobs))))
        else:
            self._redrive(data.draw(st.sampled_from(failed or sorted(self.model.jobs))), at)

    def _cancel(self, job_id: UUID) -> None:
        job = self.model.jobs[job_id]
        if job.state in {"completed", "failed"}:
            with pytest.raises(JobFinished):
                self.run(jobs.cancel_job(self.database, "tests", job_id))
            return
        assert (self.run(jobs.cancel_job(self.database, "tests", job_id)) is None) == (job.state == "cancelled")
        if job.is_live:
            job.give_up("cancel", "cancelled")

    def _redrive(self, job_id: UUID, at: int) -> None:
        act = Act("tests", "", "RedriveJobs", {})
        redriven = self.run(jobs.redrive(self.database, self.coordinators[at].clocks, [job_id], act))
        self.tell(redriven.pending)
        assert (redriven.job_ids == (job_id,)) == self.model.redrivable(job_id)
        if redriven.job_ids:
            job = self.model.jobs[job_id]
            job.state, job.attempt, job.expires = "pending", 0, None

    def _coordinator(self, data: st.DataObject) -> None:
        """One dies, or learns how far the others are."""
        at = data.draw(st.integers(0, 1))
        if data.draw(st.booleans()):
            self.coordinators[at] = Store(self.database)
        self.run(jobs.store_virtual_times(self.database, self.coordinators[at].clocks))
        self.run(jobs.load_virtual_times(self.database, self.coordinators[at].clocks))

    @invariant()
    def every_job_stands_as_the_model_says(self) -> None:
        rows = self._owner.execute(STAND).fetchall()
        assert len({row[0] for row in rows}) == len(rows), "a job is live or in history, never both"
        ought = {
            job_id: (job.state, job.attempt, job.token, *(job.ended or (None, None)), job.errors, job.progress)
            for job_id, job in self.model.jobs.items()
        }
        assert {row[0]: row[1:] for row in rows} == ought


@pytest.mark.parametrize(
    ("examples", "steps"), [(50, 50), pytest.param(600, 80, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_the_engine_does_what_the_model_says(
    database_url: str, owner_url: str, clock: Clock, examples: int, steps: int
) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )

    def make() -> Engine:
        return Engine(runner, database, clock, owner_url)

    with asyncio.Runner() as runner:
        database = new_database(database_url)
        runner.run(database.open())
        try:
            run_state_machine_as_test(make, settings=chosen)  # type: ignore[arg-type]  # any maker of machines will do
        finally:
            runner.run(database.close())
