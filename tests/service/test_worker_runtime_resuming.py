"""A session outlives its streams: when one breaks, the work goes on and another resumes it."""

from __future__ import annotations

import asyncio

import pytest

from coordinator_client.backoff import Backoff
from coordinator_client.channel import open_channel
from coordinator_client.errors import (
    CoordinatorError,
    CoordinatorUnreachable,
    Draining,
    InvalidRequest,
    PermissionDenied,
    StoreUnavailable,
    Unauthenticated,
)
from coordinator_client.stop_signal import EndReason
from coordinator_client.worker import WorkerRuntime
from tests.service.scripted_coordinator import LEASE_MS, Stream, new_lease
from tests.service.worker_fixtures import HeldHandler, new_runtime, scripted, working
from tests.waiting import eventually

LEASE_SECONDS = LEASE_MS / 1000


async def pinged(stream: Stream, times: int = 3) -> None:
    """Waits until so many more pings have come, and whatever was sent before has arrived."""
    before = len(stream.pings)
    await eventually(lambda: len(stream.pings) >= before + times)


async def test_a_broken_stream_is_resumed_with_the_secret_and_what_is_held() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        assert (stream.hello.session_secret, stream.held) == (b"", [])
        leases = [new_lease(), new_lease()]
        stream.send_jobs(leases)
        await eventually(lambda: handler.running == 2)
        stream.end()
        again = await coordinator.stream(1)
        assert again.hello.session_secret == stream.secret
        assert sorted(again.held, key=leases.index) == leases
        await pinged(again)
        assert (handler.running, handler.cancelled) == (2, [])
        handler.may_end.set()
        await eventually(lambda: again.credit.ended_total == 2)
        assert coordinator.completions == [leases]


async def test_the_newest_secret_resumes() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}):
        for number in range(3):
            stream = await coordinator.stream(number)
            stream.end()
            assert (await coordinator.stream(number + 1)).hello.session_secret == stream.secret


async def test_leases_that_were_lost_meanwhile_stop_their_handlers_and_no_other() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        lost, kept = new_lease(), new_lease()
        coordinator.lost = [lost]
        stream.send_jobs([lost, kept])
        await eventually(lambda: handler.running == 2)
        stream.end()
        again = await coordinator.stream(1)
        await eventually(lambda: [context.lease for context in handler.cancelled] == [lost])
        assert handler.cancelled[0].end_reason is EndReason.LOST
        again.end()
        assert (await coordinator.stream(2)).held == [kept]
        handler.may_end.set()
        await eventually(lambda: coordinator.completed == [kept])
        assert coordinator.releases == []


async def test_a_verb_under_way_goes_on_over_the_new_stream() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: coordinator.completions == [[lease]])
        stream.end()
        again = await coordinator.stream(1)
        assert again.held == [lease]
        await eventually(lambda: coordinator.completions == [[lease], [lease]])
        coordinator.answers_verbs.set()
        await eventually(lambda: again.credit.ended_total == 1)


async def test_verbs_go_over_the_channel_of_the_newest_stream() -> None:
    handler = HeldHandler()
    async with scripted() as former, scripted() as latter:
        targets = [former.address, former.address, latter.address]
        runtime = WorkerRuntime(
            lambda: open_channel(targets.pop(0)), worker="test-worker", queues=["notes"], handlers={"note": handler}
        )
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await former.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: handler.running == 1)
        stream.end()
        await latter.stream()
        handler.may_end.set()
        await eventually(lambda: latter.completed == [lease])
        runtime.stop()
        await asyncio.wait_for(run, 5)
        assert former.completed == []


async def test_a_verb_is_answered_even_where_the_lease_that_it_ended_is_called_lost() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=1):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        lease = new_lease()
        coordinator.lost = [lease]
        stream.send_jobs([lease])
        await eventually(lambda: coordinator.completions == [[lease]])
        stream.end()
        again = await coordinator.stream(1)
        assert again.room == 0
        coordinator.answers_verbs.set()
        await eventually(lambda: again.room == 1)
        assert again.credit.ended_total == 0


async def test_the_first_reconnect_is_immediate_and_the_next_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []

    def seconds(backoff: Backoff, failures: int, retry_after: float | None = None) -> float:
        waits.append(failures)
        return 0.0

    monkeypatch.setattr(Backoff, "seconds", seconds)
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}):
        for number in range(4):
            (await coordinator.stream(number)).end()
        await coordinator.stream(4)
        assert waits == [1, 2, 3]


async def test_a_silent_stream_is_resumed_on_another_before_the_lease_is_over() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: handler.running == 1)
        coordinator.answers_pings = False
        before = asyncio.get_running_loop().time()
        await coordinator.stream(1)
        coordinator.answers_pings = True
        assert asyncio.get_running_loop().time() - before < LEASE_SECONDS
        await pinged(coordinator.streams[-1], 15)
        assert handler.cancelled == []
        await eventually(lambda: stream.closed)


async def test_handlers_are_stopped_when_the_lease_runs_out_and_no_coordinator_answers() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: handler.running == 1)
        coordinator.claim_refusals = [CoordinatorUnreachable("nobody there")] * 1_000
        stream.end()
        before = asyncio.get_running_loop().time()
        await eventually(lambda: handler.cancelled)
        assert 0.5 * LEASE_SECONDS < asyncio.get_running_loop().time() - before < LEASE_SECONDS + 0.5
        assert handler.cancelled[0].end_reason is EndReason.LOST
        # Several tries fitted into what was left of the lease.
        assert len(coordinator.claim_refusals) <= 1_000 - 5
        coordinator.claim_refusals.clear()
        again = await coordinator.stream(1)
        assert (again.hello.session_secret, again.held) == (b"", [])
        assert (again.credit.jobs_total, again.credit.ended_total) == (5, 0)
        assert coordinator.completions == coordinator.failures == []


UNWELCOME = [
    InvalidRequest("queues are names"),
    Unauthenticated("no such token"),
    PermissionDenied("no worker's token"),
]


@pytest.mark.parametrize("refusal", UNWELCOME, ids=lambda refusal: str(refusal.reason))
async def test_a_worker_that_is_not_welcome_ends_with_the_reason(refusal: CoordinatorError) -> None:
    async with scripted() as coordinator:
        coordinator.claim_refusals = [StoreUnavailable("the database is away"), refusal]
        runtime = new_runtime(coordinator.address, {"note": HeldHandler()})
        with pytest.raises(type(refusal)) as refused:
            await asyncio.wait_for(runtime.run(handle_signals=False), 10)
        assert refused.value.message == refusal.message
        assert coordinator.streams == []


async def test_a_worker_that_was_welcomed_once_tries_on_while_its_leases_hold() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        stream.send_jobs([lease := new_lease()])
        await eventually(lambda: handler.running == 1)
        coordinator.claim_refusals = [Unauthenticated("tokens are being changed")] * 2
        stream.end()
        again = await coordinator.stream(1)
        assert again.held == [lease]
        assert handler.cancelled == []


async def test_verbs_are_given_up_with_their_session() -> None:
    done, running = HeldHandler(), HeldHandler()
    done.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": done, "memo": running}):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        stream.send_jobs([new_lease()])
        stream.send_jobs([new_lease()], kind="memo")
        await eventually(lambda: coordinator.completions and running.running)
        coordinator.claim_refusals = [CoordinatorUnreachable("nobody there")] * 1_000
        stream.end()
        await eventually(lambda: running.cancelled)
        coordinator.claim_refusals.clear()
        again = await coordinator.stream(1)
        assert (again.held, again.room) == ([], 5)
        coordinator.answers_verbs.set()
        later = new_lease()
        again.send_jobs([later])
        await eventually(lambda: coordinator.completed[1:] == [later])


async def test_a_worker_moves_on_with_its_work_when_its_coordinator_drains() -> None:
    handler = HeldHandler()
    async with scripted() as leaving, scripted() as staying:
        target = f"{leaving.address},{staying.address}"
        async with working(target, {"note": handler}):
            await eventually(lambda: leaving.streams or staying.streams)
            if staying.streams:
                leaving, staying = staying, leaving  # noqa: PLW2901 - whichever the worker chose leaves
            stream = await leaving.stream()
            lease = new_lease()
            stream.send_jobs([lease])
            await eventually(lambda: handler.running == 1)
            leaving.claim_refusals = [Draining("leaving")] * 1_000
            stream.send_pong(drain=True)
            again = await staying.stream()
            assert (again.hello.session_secret, again.held) == (stream.secret, [lease])
            await eventually(lambda: stream.closed)
            assert (stream.goodbye, handler.cancelled) == (False, [])
            handler.may_end.set()
            await eventually(lambda: again.credit.ended_total == 1)
            assert leaving.completed + staying.completed == [lease]


async def test_a_coordinator_that_drains_is_asked_again_until_it_is_back() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: handler.running == 1)
        coordinator.claim_refusals = [Draining("leaving")] * 3
        stream.send_pong(drain=True)
        again = await coordinator.stream(1)
        assert again.hello.session_secret == stream.secret
        assert handler.cancelled == []


async def test_what_an_abandoned_stream_still_says_is_ignored() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        kept = new_lease()
        stream.send_jobs([kept])
        await eventually(lambda: handler.running == 1)
        stream.send_pong(drain=True)
        stream.send_jobs([new_lease()])
        stream.send_pong(lost=[kept])
        again = await coordinator.stream(1)
        await pinged(again)
        assert len(handler.started) == 1
        assert handler.cancelled == []
        assert coordinator.releases == []


async def test_what_is_held_counts_as_sent_on_the_new_stream() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=3, max_bytes=1_000):
        stream = await coordinator.stream()
        leases = [new_lease(), new_lease()]
        stream.send_jobs(leases, size=300)
        await eventually(lambda: handler.running == 2)
        stream.end()
        again = await coordinator.stream(1)
        assert (again.credit.jobs_total, again.credit.bytes_total, again.credit.ended_total) == (3, 1_000, 0)
        coordinator.lost = leases[:1]
        again.end()
        third = await coordinator.stream(2)
        await eventually(lambda: third.room == 2)
        assert (third.credit.jobs_total, third.credit.bytes_total, third.credit.ended_total) == (3, 1_000, 0)


async def test_credit_never_passes_the_concurrency_however_often_streams_break() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=4):
        sent = 0
        for number in range(8):
            stream = await coordinator.stream(number)
            for _ in range(3):
                await eventually(lambda: stream.room > 0)  # noqa: B023 - asked within this round
                assert stream.room <= 4
                sent += stream.room
                stream.send_jobs([new_lease() for _ in range(stream.room)])
            await eventually(lambda: len(handler.started) == sent)  # noqa: B023 - asked within this round
            stream.end()
        await eventually(lambda: len(set(coordinator.completed)) == sent)
        assert handler.most_running <= 4


async def test_a_worker_that_stops_without_a_coordinator_still_ends_its_work() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator:
        runtime = new_runtime(coordinator.address, {"note": handler}, grace_seconds=10)
        run = asyncio.create_task(runtime.run(handle_signals=False))
        stream = await coordinator.stream()
        lease = new_lease()
        stream.send_jobs([lease])
        await eventually(lambda: handler.running == 1)
        coordinator.claim_refusals = [Draining("leaving")] * 1_000
        stream.send_pong(drain=True)
        await eventually(lambda: len(coordinator.claim_refusals) < 1_000)
        runtime.stop()
        handler.may_end.set()
        await asyncio.wait_for(run, 3)
        assert coordinator.completed == [lease]
