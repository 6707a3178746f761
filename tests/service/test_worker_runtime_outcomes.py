"""How a handler ends, and what the coordinator is told of it."""

from __future__ import annotations

import asyncio
import logging
import sys

import pytest

from coordinator_client.errors import CoordinatorUnreachable, InternalError, LeaseLost, StoreUnavailable
from coordinator_client.job_context import JobContext
from coordinator_client.job_threads import in_thread
from coordinator_client.outcomes import AttemptFailure, Ended, PermanentFailure, Release, Snooze
from coordinator_client.stop_signal import EndReason
from tests.service.scripted_coordinator import new_lease
from tests.service.worker_fixtures import HeldHandler, scripted, working
from tests.waiting import eventually


async def test_a_handler_that_returns_completes_its_job() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        lease = new_lease()
        (await coordinator.stream()).send_jobs([lease], payload=b"buy milk", size=8)
        await eventually(lambda: coordinator.completed == [lease])
        context = handler.started[0]
        assert (context.queue, context.kind, context.attempt) == ("notes", "note", 1)
        assert (context.payload, context.size) == (b"buy milk", 8)
        assert context.job_id == str(lease)
        assert 50 < context.seconds_left <= 60


async def test_a_job_that_its_handler_has_ended_is_not_completed_again() -> None:
    async def ends_by_itself(context: JobContext) -> Ended | None:
        return Ended.ALREADY

    async with scripted() as coordinator, working(coordinator, {"note": ends_by_itself}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert coordinator.completions == []


async def test_completions_that_come_while_one_is_under_way_go_together() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=50):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        stream.send_jobs([new_lease() for _ in range(10)])
        await eventually(lambda: handler.running == 10)
        handler.may_end.set()
        await eventually(lambda: coordinator.completions)
        stream.send_jobs([new_lease() for _ in range(40)])
        await eventually(lambda: len(handler.started) == 50)
        coordinator.answers_verbs.set()
        await eventually(lambda: stream.credit.ended_total == 50)
        assert [len(batch) for batch in coordinator.completions] == [10, 40]


async def test_a_completion_is_repeated_until_the_coordinator_answers() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        coordinator.completion_refusals += [StoreUnavailable("the database is away")] * 3
        lease = new_lease()
        (await coordinator.stream()).send_jobs([lease])
        await eventually(lambda: coordinator.completed == [lease])
        assert coordinator.completion_refusals == []
        assert len(handler.started) == 1


@pytest.mark.parametrize("kind", [AttemptFailure, PermanentFailure])
async def test_a_failure_tells_its_reason_and_whether_it_is_permanent(kind: type[AttemptFailure]) -> None:
    async def failing(context: JobContext) -> Ended | None:
        raise kind("NOT_JSON", "The file is no JSON.")

    async with scripted() as coordinator, working(coordinator, {"note": failing}):
        lease = new_lease()
        (await coordinator.stream()).send_jobs([lease])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.job_id, failure.token) == (lease.job_id, lease.token)
        assert (failure.reason, failure.message) == ("NOT_JSON", "The file is no JSON.")
        assert failure.permanent is (kind is PermanentFailure)


async def test_an_unexpected_exception_tells_its_type_and_nothing_of_the_contents(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(context: JobContext) -> Ended | None:
        raise KeyError("somebody's favourite song")

    caplog.set_level(logging.DEBUG)
    async with scripted() as coordinator, working(coordinator, {"note": broken}):
        (await coordinator.stream()).send_jobs([new_lease()])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert failure.reason == "HANDLER_ERROR"
        assert failure.message == "The handler raised KeyError."
        assert not failure.permanent
    assert "KeyError" in caplog.text
    assert "in broken" in caplog.text
    logged = [record.getMessage() for record in caplog.records]
    assert not any("favourite" in message and "raise KeyError" not in message for message in logged)


@pytest.mark.parametrize("leave", ["on the loop", "in a thread"])
async def test_a_handler_that_exits_has_failed_and_takes_nobody_with_it(leave: str) -> None:
    async def exits(context: JobContext) -> None:
        if leave == "on the loop":
            sys.exit("like a program's main function")
        await in_thread(sys.exit, "a synchronous handler")

    async with scripted() as coordinator, working(coordinator, {"note": exits}):
        stream = await coordinator.stream()
        for count in (1, 2):
            stream.send_jobs([new_lease()])
            failures = await eventually(lambda: coordinator.failures[count - 1 :])  # noqa: B023 - called within this round
            assert (failures[0].reason, failures[0].message) == ("HANDLER_ERROR", "The handler raised SystemExit.")


async def test_a_released_job_is_given_back() -> None:
    async def releasing(context: JobContext) -> Ended | None:
        raise Release

    async with scripted() as coordinator, working(coordinator, {"note": releasing}):
        lease = new_lease()
        stream = await coordinator.stream()
        stream.send_jobs([lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert coordinator.releases == [lease]
        assert coordinator.completions == []
        assert coordinator.failures == []


async def test_a_handler_that_learns_that_its_lease_is_lost_ends_in_silence() -> None:
    async def refused(context: JobContext) -> Ended | None:
        raise LeaseLost("The worker does not hold the job.")

    async with scripted() as coordinator, working(coordinator, {"note": refused}):
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert coordinator.completions == []
        assert coordinator.failures == []
        assert coordinator.releases == []


async def test_the_deadline_of_an_attempt_ends_its_handler() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (await coordinator.stream()).send_jobs([new_lease()], deadline_ms=200)
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert failure.reason == "ATTEMPT_EXPIRED"
        assert not failure.permanent
        assert len(handler.cancelled) == 1


async def test_a_timeout_of_the_handlers_own_is_not_the_deadline() -> None:
    async def impatient(context: JobContext) -> Ended | None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
        return None

    async with scripted() as coordinator, working(coordinator, {"note": impatient}):
        (await coordinator.stream()).send_jobs([new_lease()])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.message) == ("HANDLER_ERROR", "The handler raised TimeoutError.")


async def test_a_handler_that_was_cancelled_by_nobody_of_ours_has_failed() -> None:
    async def cancelled_within(context: JobContext) -> Ended | None:
        inner = asyncio.create_task(asyncio.Event().wait())
        inner.cancel()
        await inner
        return None

    async with scripted() as coordinator, working(coordinator, {"note": cancelled_within}):
        (await coordinator.stream()).send_jobs([new_lease()])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.message) == ("HANDLER_ERROR", "The handler raised CancelledError.")


async def test_a_call_of_the_handlers_own_that_fails_tells_its_reason_alone() -> None:
    async def calling(context: JobContext) -> Ended | None:
        raise CoordinatorUnreachable("Failed to connect to 10.0.0.7")

    async with scripted() as coordinator, working(coordinator, {"note": calling}):
        (await coordinator.stream()).send_jobs([new_lease()])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert failure.reason == "COORDINATOR_UNREACHABLE"
        assert "10.0.0.7" not in failure.message


async def test_a_job_without_a_handler_fails_for_now() -> None:
    async with scripted() as coordinator, working(coordinator, {"note": HeldHandler()}):
        (await coordinator.stream()).send_jobs([new_lease()], kind="unheard-of")
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert failure.reason == "NO_HANDLER"
        assert not failure.permanent


async def test_a_result_goes_with_the_completion_as_compact_json() -> None:
    async def answering(context: JobContext) -> dict[str, list[int | str]]:
        return {"plays": [1, "ü"]}

    async def silent(context: JobContext) -> None:
        pass

    async with scripted() as coordinator, working(coordinator, {"note": answering, "memo": silent}):
        stream = await coordinator.stream()
        with_result, without = new_lease(), new_lease()
        stream.send_jobs([with_result])
        stream.send_jobs([without], kind="memo")
        await eventually(lambda: len(coordinator.completed) == 2)
        assert coordinator.results == {with_result: '{"plays":[1,"ü"]}', without: ""}


async def test_large_results_go_in_several_calls_that_grpc_can_carry() -> None:
    handler = HeldHandler()

    async def answering(context: JobContext) -> str:
        await handler.may_end.wait()
        return "x" * 16_000

    async with scripted() as coordinator, working(coordinator, {"note": answering}, concurrency=500):
        stream = await coordinator.stream()
        coordinator.answers_verbs.clear()
        stream.send_jobs([new_lease() for _ in range(500)])
        await eventually(lambda: stream.sent == 500)
        handler.may_end.set()
        await eventually(lambda: coordinator.completions)
        coordinator.answers_verbs.set()
        await eventually(lambda: stream.credit.ended_total == 500)
        assert set(map(len, coordinator.results.values())) == {16_002}
        assert max(len(batch) for batch in coordinator.completions) < 250
        assert len(coordinator.completions) < 10


async def test_a_result_that_is_too_large_fails_the_job_for_good() -> None:
    async def answering(context: JobContext) -> str:
        return "x" * 20_000

    async with scripted() as coordinator, working(coordinator, {"note": answering}):
        (await coordinator.stream()).send_jobs([new_lease()])
        failure = (await eventually(lambda: coordinator.failures))[0]
        assert (failure.reason, failure.permanent) == ("RESULT_TOO_LARGE", True)
        assert failure.message == "The result has 20,002 bytes as JSON; the limit is 16,384."


async def test_a_snoozed_job_is_put_off() -> None:
    async def snoozing(context: JobContext) -> Ended:
        raise Snooze(2.5)

    async with scripted() as coordinator, working(coordinator, {"note": snoozing}):
        lease = new_lease()
        stream = await coordinator.stream()
        stream.send_jobs([lease])
        await eventually(lambda: stream.credit.ended_total == 1)
        (postponement,) = coordinator.snoozes
        assert (postponement.job_id, postponement.token) == (lease.job_id, lease.token)
        assert postponement.delay.ToMilliseconds() == 2_500
        assert coordinator.completions == coordinator.failures == coordinator.releases == []


async def test_a_verb_that_is_refused_for_good_is_given_up_and_spoils_no_other() -> None:
    handler = HeldHandler()

    async def answering(context: JobContext) -> str:
        await handler.may_end.wait()
        return context.payload.decode()

    async with scripted() as coordinator, working(coordinator, {"note": answering}):
        stream = await coordinator.stream()
        coordinator.unloved_results = {'"bad"'}
        leases = [new_lease(), new_lease(), new_lease()]
        for lease, payload in zip(leases, [b"good", b"bad", b"fine"], strict=True):
            stream.send_jobs([lease], payload=payload)
        await eventually(lambda: stream.sent == 3)
        handler.may_end.set()
        await eventually(lambda: stream.credit.ended_total == 3)
        assert sorted(coordinator.completed, key=leases.index) == [leases[0], leases[2]]


async def test_an_error_inside_of_the_coordinator_is_not_tried_for_ever() -> None:
    handler = HeldHandler()
    handler.may_end.set()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        stream = await coordinator.stream()
        coordinator.completion_refusals = [InternalError("an incident")] * 100
        stream.send_jobs([new_lease()])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert len(coordinator.completion_refusals) == 95
        assert coordinator.completions == []


async def test_a_handlers_deadline_can_be_told_from_other_ends() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (await coordinator.stream()).send_jobs([new_lease()], deadline_ms=100)
        await eventually(lambda: handler.cancelled)
        assert handler.cancelled[0].end_reason is EndReason.DEADLINE
