"""A worker stops well: it finishes or gives back, and burns no attempt."""

from __future__ import annotations

import asyncio
import os
import signal

from coordinator_client.channel import open_channel
from coordinator_client.stop_signal import EndReason
from coordinator_client.worker import WorkerRuntime
from tests.service.scripted_coordinator import new_lease
from tests.service.worker_fixtures import HeldHandler, new_runtime, scripted, working
from tests.waiting import eventually


async def test_a_stopping_worker_takes_back_its_credit_and_finishes_what_runs() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler}, grace_seconds=10)
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: handler.running == 1)
        runtime.stop()
        await eventually(lambda: stream.credit.jobs_total == 1)
        assert handler.running == 1
        handler.may_end.set()
        await asyncio.wait_for(run, 5)
        assert coordinator.completed == [lease]
        assert coordinator.releases == []
        assert stream.goodbye
        assert stream.half_closed


async def test_what_does_not_finish_within_the_grace_is_given_back() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler}, grace_seconds=0.2)
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        leases = [new_lease(), new_lease()]
        stream.send_jobs(leases)
        await eventually(lambda: handler.running == 2)
        runtime.stop()
        await asyncio.wait_for(run, 5)
        assert sorted(coordinator.releases, key=leases.index) == leases
        assert [context.end_reason for context in handler.cancelled] == [EndReason.STOPPING] * 2
        assert stream.goodbye
        assert coordinator.failures == []
        assert coordinator.completions == []


async def test_a_job_that_crosses_the_last_credit_is_given_back_unstarted() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler}, grace_seconds=0)
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        coordinator.answers_pings = False
        runtime.stop()
        await eventually(lambda: stream.credit.jobs_total == 0)
        lease = new_lease()
        stream.send_jobs([lease])
        stream.send_pong(sequence=stream.pings[-1] + 1)
        stream.send_pong(sequence=stream.pings[-1])
        await asyncio.wait_for(run, 5)
        assert set(coordinator.releases) == {lease}
        assert handler.started == []


async def test_sigterm_stops_a_worker() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler}, grace_seconds=0)
        run = asyncio.create_task(runtime.run())
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: handler.running == 1)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(run, 5)
        assert coordinator.releases == [lease]


async def test_a_leaving_worker_does_not_wait_for_ever_for_the_end_of_its_stream() -> None:
    async with scripted() as coordinator:
        coordinator.ends_after_goodbye = False
        runtime = new_runtime(coordinator.address, {"note": HeldHandler()})
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        runtime.stop()
        await eventually(lambda: stream.goodbye)
        assert not run.done()
        await asyncio.wait_for(run, 3)
        await eventually(lambda: stream.closed)


async def test_a_worker_that_was_stopped_before_it_ran_opens_nothing() -> None:
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": HeldHandler()})
        runtime.stop()
        await asyncio.wait_for(runtime.run(handle_signals=False), 2)
        assert coordinator.streams == []


async def test_a_worker_whose_coordinator_is_away_stops_at_once() -> None:
    runtime = WorkerRuntime(
        lambda: open_channel("127.0.0.1:1"),
        worker="test-worker",
        queues=["notes"],
        handlers={"note": HeldHandler()},
        grace_seconds=30,
    )
    run = asyncio.create_task(runtime.run(handle_signals=False))
    await asyncio.sleep(0)
    runtime.stop()
    await asyncio.wait_for(run, 2)


async def test_no_call_of_a_stopped_worker_lives_on_in_the_coordinator() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        async with working(coordinator, {"note": handler}):
            stream = await coordinator.stream()
            stream.send_jobs([new_lease()])
            await eventually(lambda: handler.running == 1)
        await eventually(lambda: all(stream.closed for stream in coordinator.streams))


async def test_a_worker_that_is_asked_to_end_finishes_what_it_holds_and_says_goodbye() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler})
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: handler.running == 1)
        stream.send_pong(retire=True)
        await eventually(lambda: stream.room == 0)
        assert not stream.goodbye, "there is no grace to pass"
        handler.may_end.set()
        await asyncio.wait_for(run, 10)
        assert (stream.goodbye, len(coordinator.completed), coordinator.releases) == (True, 1, [])


async def test_a_worker_that_ends_at_leisure_can_still_be_stopped_within_its_grace() -> None:
    handler, lease = HeldHandler(), new_lease()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler})
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        stream.send_jobs([lease])
        await eventually(lambda: handler.running == 1)
        stream.send_pong(retire=True)
        await eventually(lambda: stream.room == 0)
        runtime.stop()
        await asyncio.wait_for(run, 10)
        assert coordinator.releases == [lease]
