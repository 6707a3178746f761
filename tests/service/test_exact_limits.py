"""Limits are exact: sixty-four workers of two coordinators, who complete, fail, snooze, release, cancel and die."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc.aio
import psycopg
import pytest

from protos.jobs.v1 import admin_service_pb2, admin_service_pb2_grpc
from tests.service.calls import enqueue, new_job
from tests.service.conftest import Connect, StartCoordinator
from tests.service.limited_workers import AUDIT, Watch, Workers, waits_and_room

WORKERS = 64
# Of which so many claim by ClaimBatch.
BATCH = 8
# By limit: in how many lanes jobs come, and how long they take at most; so that each limit is reached, or nearly.
SHAPES = {1: (8, 0.06), 3: (3, 0.3), 100: (1, 2.0)}
# Room that nobody fills although somebody could, at most for so long; all runs in one process, on a busy machine.
IDLE_SECONDS = 4.0
# So many are free at any time: the others come back, or report what they did.
FREE_WORKERS = 4


class Ground:
    """Two coordinators, their queue with jobs in lanes and in none, and its audit."""

    def __init__(self, channels: Sequence[grpc.aio.Channel], owner_url: str) -> None:
        self.channels = list(channels)
        self.url = owner_url
        self.most_idle = 0.0

    async def limit(self, running: int | None = None, lane: int | None = None, *, at: int = 0) -> None:
        """Sets the limits of the queue at one of the coordinators."""
        limits = admin_service_pb2.QueueLimits(max_running=running, max_running_per_lane=lane)
        request = admin_service_pb2.SetQueueLimitsRequest(queue="default", limits=limits)
        await admin_service_pb2_grpc.AdminServiceStub(self.channels[at]).SetQueueLimits(request)

    async def fill(self, jobs: int, lanes_in_all: int) -> None:
        """Enqueues jobs, a few of them without a lane, which come first: each has a turn of its own."""
        lanes = [("" if number % 200 == 9 else f"lane {number % lanes_in_all}") for number in range(jobs)]
        await enqueue(self.channels[0], *[new_job(lane=lane) for lane in lanes])

    def audit(self) -> list[tuple[int, str | None, int]]:
        """Returns (id, lane, +1 or -1) of every start and end of an attempt, in order."""
        with psycopg.connect(self.url) as connection:
            return connection.execute("SELECT id, lane, delta FROM sluice.test_audit ORDER BY id").fetchall()

    def last_entry(self) -> int:
        """Returns where the audit stands."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM sluice.test_audit").fetchone()
        return int(row[0]) if row else 0

    @asynccontextmanager
    async def worked(self, seed: int, job_seconds: float) -> AsyncIterator[tuple[Workers, Watch]]:
        """Has everybody work within the block."""
        workers, watch = Workers(self.channels, self.url, seed, job_seconds=job_seconds), Watch(self.url)
        async with asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                group.create_task(workers.run(number, batch=number < BATCH))
            group.create_task(watch.run(workers.stopping))
            try:
                yield workers, watch
            finally:
                workers.stopping.set()

    async def look_for_idleness(self, seconds: float, running: int | None, lane: int | None) -> None:
        """Notes for how long there was room for jobs that wait, and nobody took them."""
        began, until = time.monotonic(), time.monotonic() + seconds
        capacity = FREE_WORKERS if running is None else min(running, FREE_WORKERS)
        while time.monotonic() < until:
            room = await asyncio.to_thread(waits_and_room, self.url, capacity, lane)
            if not room:
                began = time.monotonic()
            self.most_idle = max(self.most_idle, time.monotonic() - began)
            await asyncio.sleep(0.01)


def highest(entries: Sequence[tuple[int, str | None, int]], after: int = 0, until: float = 10**18) -> tuple[int, int]:
    """Returns the most jobs that ran when one was claimed between two entries: in all, and in a lane."""
    running: dict[str | None, int] = {}
    most = most_in_lane = 0
    for number, lane, delta in entries:
        running[lane] = running.get(lane, 0) + delta
        if delta > 0 and after < number <= until:
            most = max(most, sum(running.values()))
            most_in_lane = max(most_in_lane, running[lane] if lane is not None else 0)
    return most, most_in_lane


@pytest.fixture
async def ground(start_coordinator: StartCoordinator, connect: Connect, owner_url: str) -> Ground:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(AUDIT)
    settings = {"poll_seconds": 60.0, "reconnect_grace_seconds": 0.2, "default_backoff_base_seconds": 0.2}
    coordinators = [await start_coordinator(**settings) for _ in range(2)]
    return Ground([connect(one) for one in coordinators for _ in range(2)], owner_url)


async def work_within(ground: Ground, seconds: float, running: int | None, lane: int | None) -> None:
    lanes, job_seconds = SHAPES[running or lane or 1]
    await ground.limit(running, lane)
    await ground.fill(2_000, lanes)
    async with ground.worked(seed=7, job_seconds=job_seconds) as (workers, watch):
        await ground.look_for_idleness(seconds, running, lane)
    most, most_in_lane = highest(ground.audit())
    if running is not None:
        assert max(most, watch.most) <= running
        assert running in {most, 100}, "all of it was used"
    if lane is not None:
        assert max(most_in_lane, watch.most_in_lane) <= lane
        assert lane in {most_in_lane, 100}, "all of it was used"
    assert watch.samples > 20
    assert workers.outcomes["completed"] > 10
    assert ground.most_idle < IDLE_SECONDS, f"room for so long, and jobs waited; {workers.outcomes}"


SECONDS = [2.5, pytest.param(60.0, marks=[pytest.mark.long, pytest.mark.timeout(600)])]


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_queue_never_runs_more_than_its_limit_and_is_never_idle(
    ground: Ground, limit: int, seconds: float
) -> None:
    await work_within(ground, seconds, limit, None)


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_lane_never_runs_more_than_its_limit_and_is_never_idle(
    ground: Ground, limit: int, seconds: float
) -> None:
    await work_within(ground, seconds, None, limit)


@pytest.mark.parametrize("seconds", SECONDS)
async def test_limits_that_change_under_load_hold_from_their_answer_on(ground: Ground, seconds: float) -> None:
    await ground.fill(4_000, 8)
    spans: list[tuple[int, int, int | None, int | None]] = []
    changes: list[tuple[int | None, int | None]] = [(None, None), (5, None), (None, 2), (3, 1), (30, 10), (None, 1)]
    async with ground.worked(seed=11, job_seconds=0.1):
        for turn in range(max(len(changes), round(seconds / 0.6))):
            running, lane = changes[turn % len(changes)]
            await ground.limit(running, lane, at=turn % 4)
            after = ground.last_entry()
            await ground.look_for_idleness(0.5, running, lane)
            spans.append((after, ground.last_entry(), running, lane))
    entries = ground.audit()
    for after, until, running, lane in spans:
        most, most_in_lane = highest(entries, after, until)
        assert running is None or most <= running, f"{most} within {running}"
        assert lane is None or most_in_lane <= lane, f"{most_in_lane} in a lane within {lane}"
    assert sum(delta > 0 for _, _, delta in entries) > 100
