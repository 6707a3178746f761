"""The database restarted and coordinators killed while jobs are enqueued and worked on: none lost, none done twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from coordinator_client.channel import open_channel
from coordinator_client.errors import CoordinatorError
from coordinator_client.job_context import JobContext
from coordinator_client.producer import Producer
from coordinator_client.worker import WorkerRuntime
from protos.jobs.v1.job_service_pb2 import NewJob
from tests.e2e.running_stack import RunningStack, listening_addresses, running_stack
from tests.waiting import eventually

BATCH = 50


@pytest.fixture(scope="module")
def engine(quick_folder: Path) -> Iterator[RunningStack]:
    """Two coordinators, and no worker but those of the test."""
    with running_stack(quick_folder / "engine", "--coordinators", "2", "--workers", "0") as running:
        yield running


@pytest.fixture(params=[2_000, pytest.param(20_000, marks=pytest.mark.long)])
def jobs(request: pytest.FixtureRequest) -> int:
    """How many jobs are enqueued while things die."""
    return int(request.param)


def coordinators(stack: RunningStack) -> dict[int, str]:
    """The coordinators' addresses by process id, as far as they listen."""
    found = {}
    for pid, command in stack.living().items():
        if "-m coordinator serve" in command and "launcher" not in command:
            with suppress(OSError):
                for host, port in listening_addresses(pid):
                    found[pid] = f"{host}:{port}"
    return found


class Load:
    """Producers that repeat themselves until they are answered, and workers that leave their name on what they did."""

    def __init__(self, target: str, queue: str, jobs: int) -> None:
        self._target = target
        self._queue = queue
        self._jobs = jobs
        self._random = random.Random(7)
        self.enqueued: list[str] = []
        self.effects: Counter[str] = Counter()

    async def run(self, fire: Callable[[], Awaitable[None]]) -> None:
        """Enqueues and works, with `fire` in the middle, until every job has ended."""
        workers = [self._worker(f"w{number}") for number in range(3)]
        working = [asyncio.create_task(worker.run(handle_signals=False)) for worker in workers]
        producing = asyncio.create_task(self._produce())
        await fire()
        await producing
        await eventually(lambda: self.done >= 1, timeout=60)
        for worker in workers:
            worker.stop()
        await asyncio.gather(*working)

    @property
    def done(self) -> float:
        """The share of the jobs that had their effect."""
        return sum(self.effects.values()) / self._jobs

    def _worker(self, name: str) -> WorkerRuntime:
        return WorkerRuntime(
            lambda: open_channel(self._target),
            worker=name,
            queues=[self._queue],
            handlers={"note": self._handle},
            concurrency=20,
        )

    async def _handle(self, context: JobContext) -> dict[str, int]:
        await asyncio.sleep(self._random.uniform(0, 0.02))
        self.effects[context.job_id] += 1
        return {"attempt": context.attempt}

    async def _produce(self) -> None:
        async with open_channel(self._target) as channel:
            producer = Producer(channel)
            for number in range(self._jobs // BATCH):
                self.enqueued += await self._enqueue(producer, f"{self._queue}-{number}")

    async def _enqueue(self, producer: Producer, key: str) -> list[str]:
        jobs = [NewJob(queue=self._queue, kind="note", payload=key.encode())] * BATCH
        while True:
            try:
                return list((await producer.enqueue("fire", jobs, idempotency_key=key)).job_ids)
            except CoordinatorError:
                await asyncio.sleep(0.05)


def check(stack: RunningStack, queue: str, load: Load) -> None:
    """Every job that was acknowledged is in history once, completed, by the attempt whose effect was counted."""
    with psycopg.connect(stack.database) as connection:
        live = connection.execute("SELECT count(*) FROM sluice.jobs WHERE queue = %s", [queue]).fetchone()
        rows = connection.execute(
            "SELECT id::text, state, attempt, (result ->> 'attempt')::int, errors "
            "FROM sluice.job_history WHERE queue = %s",
            [queue],
        ).fetchall()
    assert live == (0,)
    assert sorted(row[0] for row in rows) == sorted(load.enqueued), "each job once, and no other"
    assert {row[1] for row in rows} == {"completed"}
    assert [row for row in rows if row[2] != row[3]] == [], "no other attempt's result was stored"
    assert [row for row in rows if row[2] != 1 or row[4]] == [], "nobody's outage cost an attempt"
    assert set(load.effects.values()) == {1}


@contextmanager
def on_fire(engine: RunningStack, queue: str, jobs: int) -> Iterator[Load]:
    target = ",".join(sorted(coordinators(engine).values()))
    assert len(target.split(",")) == 2
    load = Load(target, queue, jobs)
    yield load
    check(engine, queue, load)


async def kill(load: Load, share: float, find: Callable[[], int], is_back: Callable[[int], bool]) -> None:
    """Kills a process once such a share of the work is done, and waits until another has taken its place."""
    await eventually(lambda: load.done > share, timeout=60)
    dead = find()
    os.kill(dead, signal.SIGKILL)
    await eventually(lambda: is_back(dead), timeout=30)


async def test_coordinators_killed_under_load_lose_nothing_and_double_nothing(engine: RunningStack, jobs: int) -> None:
    def first() -> int:
        return min(coordinators(engine))

    def is_back(dead: int) -> bool:
        return len(set(coordinators(engine)) - {dead}) == 2

    with on_fire(engine, "killed", jobs) as load:

        async def fire() -> None:
            await kill(load, 0.2, first, is_back)
            await kill(load, 0.5, first, is_back)

        await load.run(fire)


async def test_the_database_restarted_under_load_loses_nothing_and_doubles_nothing(
    engine: RunningStack, jobs: int
) -> None:
    def server() -> int:
        pid = engine.pid_of("bin/postgres")
        assert pid is not None
        return pid

    def is_back(dead: int) -> bool:
        return engine.pid_of("bin/postgres") not in {dead, None}

    with on_fire(engine, "restarted", jobs) as load:

        async def fire() -> None:
            await kill(load, 0.2, server, is_back)
            await kill(load, 0.5, server, is_back)

        await load.run(fire)
