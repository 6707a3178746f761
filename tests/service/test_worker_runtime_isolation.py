"""A handler that blocks its event loop keeps nobody's lease waiting, its own included."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

import grpc.aio
import pytest

from coordinator_client.channel import open_channel
from coordinator_client.job_context import JobContext
from coordinator_client.leases import Lease
from coordinator_client.stop_signal import EndReason
from coordinator_client.worker import WorkerRuntime
from tests.service.scripted_coordinator import LEASE_MS, new_lease
from tests.service.worker_fixtures import HeldHandler, new_runtime, scripted, working, working_elsewhere
from tests.waiting import eventually

LONG_SECONDS = 2.2 * LEASE_MS / 1000


def sleep_in_the_loop(seconds: float) -> None:
    time.sleep(seconds)


def count_in_the_loop(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1_000))


def end_of(context: JobContext) -> EndReason | None:
    """Blocks the loop until the attempt is over, and tells why."""
    deadline = time.monotonic() + 10
    while not context.is_cancelled and time.monotonic() < deadline:
        time.sleep(0.01)
    return context.end_reason


def threads_of_claims() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "claims"]


@pytest.mark.parametrize("block", [sleep_in_the_loop, count_in_the_loop])
async def test_a_handler_that_blocks_its_loop_for_several_leases_keeps_its_lease(
    block: Callable[[float], None],
) -> None:
    async def blocking(context: JobContext) -> None:
        block(LONG_SECONDS)

    async with scripted() as coordinator, working_elsewhere(coordinator, {"note": blocking}):
        stream = await coordinator.stream()
        pings = len(stream.pings)
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert coordinator.completions == [[lease]]
        assert len(coordinator.streams) == 1
        assert len(stream.pings) - pings >= LONG_SECONDS * 5


async def test_completions_are_repeated_while_a_handler_blocks_the_loop() -> None:
    blocks = threading.Event()

    async def done(context: JobContext) -> None:
        pass

    async def blocking(context: JobContext) -> None:
        assert blocks.wait(10)

    async with scripted() as coordinator, working_elsewhere(coordinator, {"note": done, "block": blocking}):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: coordinator.completed == [lease])
        stream.send_jobs([new_lease()], kind="block")
        stream.end()
        again = await coordinator.stream(1)
        await eventually(lambda: coordinator.completions == [[lease], [lease]])
        coordinator.answers_verbs.set()
        await eventually(lambda: again.credit.ended_total == 1)
        blocks.set()


async def test_a_handler_that_blocks_its_loop_learns_that_its_job_was_cancelled() -> None:
    started = threading.Event()
    reasons: list[EndReason | None] = []

    async def blocking(context: JobContext) -> None:
        started.set()
        reasons.append(end_of(context))

    async with scripted() as coordinator, working_elsewhere(coordinator, {"note": blocking}):
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(started.is_set)
        stream.send_pong(cancelled=[lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert reasons == [EndReason.CANCELLED]
        assert coordinator.completions == []


async def test_a_job_whose_lease_is_lost_while_the_loop_is_blocked_never_starts() -> None:
    may_end = threading.Event()
    started: list[JobContext] = []

    async def blocking(context: JobContext) -> None:
        started.append(context)
        assert may_end.wait(10)

    async with scripted() as coordinator, working_elsewhere(coordinator, {"note": blocking}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: started)
        late = new_lease()
        stream.send_jobs([late])
        stream.send_pong(lost=[late])
        pings = len(stream.pings)
        await eventually(lambda: len(stream.pings) > pings + 2)
        may_end.set()
        await eventually(lambda: stream.credit.ended_total == 2)
        assert len(started) == 1


async def test_a_job_that_a_blocked_loop_never_ends_is_given_back_when_the_worker_stops() -> None:
    started, may_end = threading.Event(), threading.Event()

    async def blocking(context: JobContext) -> None:
        started.set()
        assert may_end.wait(10)

    async with scripted() as coordinator, working_elsewhere(coordinator, {"note": blocking}) as runtime:
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(started.is_set)
        runtime.stop()
        await eventually(lambda: stream.goodbye)
        assert coordinator.releases == [lease]
        may_end.set()


async def test_sigterm_reaches_a_worker_whose_loop_is_blocked() -> None:
    reasons: list[EndReason | None] = []

    async def blocking(context: JobContext) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        reasons.append(end_of(context))

    async def coordinate(address: asyncio.Future[str], home: asyncio.AbstractEventLoop) -> list[Lease]:
        async with scripted() as coordinator:
            home.call_soon_threadsafe(address.set_result, coordinator.address)
            stream = await coordinator.stream()
            stream.send_jobs([new_lease()])
            await eventually(lambda: stream.goodbye)
            return coordinator.releases

    home = asyncio.get_running_loop()
    address = home.create_future()
    coordinating = asyncio.create_task(asyncio.to_thread(asyncio.run, coordinate(address, home)))
    runtime = new_runtime(await address, {"note": blocking})
    await asyncio.wait_for(runtime.run(), 15)
    assert len(await coordinating) == 1
    assert reasons == [EndReason.STOPPING]


async def test_the_threads_work_ends_with_a_run_that_returns() -> None:
    async with scripted() as coordinator:
        async with working(coordinator, {"note": HeldHandler()}):
            await coordinator.stream()
            assert len(threads_of_claims()) == 1
        assert threads_of_claims() == []


async def test_the_threads_work_ends_with_a_run_that_is_cancelled() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        run = asyncio.create_task(new_runtime(coordinator.address, {"note": handler}).run(handle_signals=False))
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: handler.running == 1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert threads_of_claims() == []
        assert len(handler.cancelled) == 1
        await eventually(lambda: stream.closed)
        assert not stream.goodbye
        assert coordinator.failures == []


async def test_the_thread_ends_with_a_run_that_is_cancelled_again_and_again() -> None:
    async with scripted() as coordinator:
        run = asyncio.create_task(new_runtime(coordinator.address, {"note": HeldHandler()}).run(handle_signals=False))
        await coordinator.stream()
        while not run.done():
            run.cancel()
            await asyncio.sleep(0)
        with contextlib.suppress(asyncio.CancelledError):
            await run
        assert threads_of_claims() == []


async def test_what_breaks_in_the_thread_comes_out_of_the_run() -> None:
    opened: list[int] = []

    def open_once() -> grpc.aio.Channel:
        opened.append(threading.get_ident())
        if len(opened) > 1:
            raise ValueError("no second channel")
        return open_channel("127.0.0.1:1")

    runtime = WorkerRuntime(open_once, worker="test-worker", queues=["notes"], handlers={"note": HeldHandler()})
    with pytest.raises(ValueError, match="no second channel"):
        await asyncio.wait_for(runtime.run(handle_signals=False), 5)
    assert opened[0] == threading.get_ident() != opened[1]
    assert threads_of_claims() == []


async def test_nothing_is_said_to_a_closed_loop_after_the_end(caplog: pytest.LogCaptureFixture) -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        for number in range(20):
            async with working(coordinator, {"note": handler}):
                (await coordinator.stream(number)).send_jobs([new_lease()])
        await eventually(lambda: all(stream.closed for stream in coordinator.streams))
    assert "closed" not in caplog.text
