"""GetQueueStats: counts that are kept, not counted, and exact once everything is noted, whoever died."""

import asyncio
import os
import random
import subprocess
import sys
import time
from uuid import UUID

import grpc.aio
import pytest

from protos.jobs.v1 import admin_service_pb2 as admin
from tests.service.administering import ago, counts_of, operator, run_sql, stats_of, true_counts
from tests.service.calls import cancel, complete, enqueue, fail, new_job, release, snooze
from tests.service.claim_stream import claim_stream, leased
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

# Never within a test.
NO_RECOUNT = 80_000.0


async def do_anything(channel: grpc.aio.Channel, chance: random.Random, seconds: float) -> None:
    """Enqueues, claims and ends jobs in every way, as chance has it, and dies with some in its hands."""
    until = time.monotonic() + seconds
    async with claim_stream(channel) as stream:
        granted = 0
        while time.monotonic() < until:
            jobs = [new_job(lane=chance.choice(["", "a", "b"])) for _ in range(chance.randint(1, 20))]
            for job in jobs:
                if chance.random() < 0.2:
                    job.delay.FromMilliseconds(chance.choice([50, 600_000]))
            ids = await enqueue(channel, *jobs)
            if chance.random() < 0.3:
                await cancel(channel, chance.choice(ids))
            granted += 5
            await stream.grant(granted)
            await end_somehow(channel, chance, leased(await stream.jobs()))


async def end_somehow(channel: grpc.aio.Channel, chance: random.Random, held: list[tuple[UUID, int]]) -> None:
    for lease in held:
        match chance.randint(0, 6):
            case 0 | 1:
                await complete(channel, lease)
            case 2:
                await fail(channel, lease, permanent=True)
            case 3:
                await fail(channel, lease)
            case 4:
                await snooze(channel, lease, chance.choice([0, 600]))
            case 5:
                await release(channel, lease)


async def settle(channel: grpc.aio.Channel, url: str) -> None:
    """Waits until the counts are those of the jobs, and stay so."""

    async def agrees() -> bool:
        seen = await counts_of(channel)
        assert seen == true_counts(url)
        return True

    await eventually(agrees, timeout=40)


@pytest.mark.parametrize("limits", [admin.QueueLimits(), admin.QueueLimits(max_running=40, max_running_per_lane=9)])
async def test_counts_are_exact_after_anything_on_two_coordinators(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str, limits: admin.QueueLimits
) -> None:
    settings = {"recount_seconds": NO_RECOUNT, "reconnect_grace_seconds": 0.1}
    channels = [connect(await start_coordinator(**settings)) for _ in range(2)]
    await operator(channels[0]).SetQueueLimits(admin.SetQueueLimitsRequest(queue="default", limits=limits))
    await asyncio.gather(*(do_anything(channel, random.Random(seed), 3) for seed, channel in enumerate(channels)))
    await settle(channels[0], owner_url)
    failed = (await stats_of(channels[1])).failed
    assert failed, "chance had some fail"
    redrive = admin.RedriveJobsRequest(filter=admin.FailedJobFilter(queue="default"), limit=1)
    assert len((await operator(channels[1]).RedriveJobs(redrive)).job_ids) == 1
    run_sql(owner_url, "UPDATE sluice.job_history SET finished_at = finished_at - interval '2 h'")
    await operator(channels[1]).PruneJobs(admin.PruneJobsRequest(finished_before=ago(hours=1), limit=3))
    await operator(channels[1]).CancelJobs(
        admin.CancelJobsRequest(filter=admin.OpenJobFilter(queue="default"), limit=9)
    )
    await settle(channels[0], owner_url)


async def test_what_a_killed_coordinator_had_not_noted_is_found_by_a_recount(
    start_coordinator: StartCoordinator, connect: Connect, database_url: str, owner_url: str
) -> None:
    here = connect(await start_coordinator(recount_seconds=0.5, reconnect_grace_seconds=0.1))
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "SLUICE_GRPC_PORT": "0",
        "SLUICE_RECOUNT_SECONDS": "80000",
        "SLUICE_LEASE_SECONDS": "1",
        "SLUICE_PING_SECONDS": "0.5",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "coordinator", "serve"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    port = int((await process.stdout.readline()).decode().rpartition("=")[2])
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as there:
        await asyncio.gather(
            do_anything(here, random.Random(3), 3), do_anything(there, random.Random(4), 2), return_exceptions=True
        )
        # In one second it notes once: much of this it takes with it.
        for _ in range(5):
            await enqueue(there, new_job())
        process.kill()
        await process.wait()
    await settle(here, owner_url)


async def test_a_queue_tells_its_rates_its_lanes_and_its_oldest(channel: grpc.aio.Channel) -> None:
    before = time.time()
    jobs = [new_job(lane=lane) for lane in ("big", "small", "big", "")]
    await enqueue(channel, *jobs)
    first = await stats_of(channel)
    assert [(lane.lane, lane.pending) for lane in first.lanes] == [("big", 2), ("", 1), ("small", 1)]
    assert (first.enqueued_rate, first.claimed_rate) == (4 / 60, 0)
    assert before - 5 < first.oldest_pending_at.seconds < time.time() + 5
    async with claim_stream(channel) as stream:
        await stream.grant(2)
        held = leased(await stream.jobs())
        while len(held) < 2:
            held += leased(await stream.jobs())
        await complete(channel, held[0])
        await fail(channel, held[1], permanent=True)
    stats = await stats_of(channel)
    assert (stats.claimed_rate, stats.completed_rate, stats.failed_rate) == (2 / 60, 1 / 60, 1 / 60)
    assert (stats.pending, stats.failed, sum(lane.pending for lane in stats.lanes)) == (2, 1, 2)


async def test_counts_say_how_old_they_are(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    channel = connect(await start_coordinator())
    await enqueue(channel, new_job())
    request = admin.GetQueueStatsRequest()
    assert (await operator(channel).GetQueueStats(request)).counted_at.seconds > time.time() - 5
    # Another coordinator that noted something half a minute ago, and one that is dead for longer.
    for seconds in (30, 90):
        run_sql(
            owner_url,
            "INSERT INTO sluice.coordinators VALUES (gen_random_uuid(), now() - %s * interval '1 s')",
            seconds,
        )
    told = (await operator(channel).GetQueueStats(request)).counted_at.seconds
    assert time.time() - 40 < told < time.time() - 25


async def test_stats_are_of_every_queue_by_name_or_of_one(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, new_job(queue="b"), new_job(queue="a"))
    stub = operator(channel)
    assert [one.queue for one in (await stub.GetQueueStats(admin.GetQueueStatsRequest())).queues] == ["a", "b"]
    assert [one.queue for one in (await stub.GetQueueStats(admin.GetQueueStatsRequest(queue="b"))).queues] == ["b"]
    assert list((await stub.GetQueueStats(admin.GetQueueStatsRequest(queue="none"))).queues) == []


async def test_a_queue_shows_its_limits_and_whether_it_is_paused(channel: grpc.aio.Channel, owner_url: str) -> None:
    await enqueue(channel, new_job())
    plain = await stats_of(channel)
    assert (plain.paused, plain.limits) == (False, admin.QueueLimits())
    run_sql(
        owner_url,
        "UPDATE sluice.queues SET paused = true, max_depth = 9, max_running = 3, max_running_per_lane = 1, "
        "rate_per_second = 0.5, rate_burst = 2",
    )
    limits = admin.QueueLimits(
        max_depth=9, max_running=3, max_running_per_lane=1, rate=admin.RateLimit(per_second=0.5, burst=2)
    )
    shown = await stats_of(channel)
    assert (shown.paused, shown.limits) == (True, limits)
