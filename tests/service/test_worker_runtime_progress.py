"""What a handler tells of its progress, and when it is told that nobody wants to know any more."""

from __future__ import annotations

import asyncio

import pytest

from coordinator_client.errors import LeaseLost
from coordinator_client.job_context import JobContext
from coordinator_client.outcomes import Ended
from tests.service.scripted_coordinator import ScriptedCoordinator, new_lease
from tests.service.worker_fixtures import HeldHandler, scripted, working
from tests.waiting import eventually


def told(coordinator: ScriptedCoordinator) -> list[list[int]]:
    return [[report.progress.done for report in reports] for reports in coordinator.reports]


async def started(coordinator: ScriptedCoordinator, handler: HeldHandler, count: int = 1) -> list[JobContext]:
    """So many running attempts."""
    (await coordinator.stream()).send_jobs([new_lease() for _ in range(count)])
    await eventually(lambda: handler.running == count)
    return handler.started


async def test_progress_is_told_with_its_lease() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (context,) = await started(coordinator, handler)
        await context.report_progress(3, 10, "three of ten\n")
        ((report,),) = coordinator.reports
        assert (report.job_id, report.token) == (context.lease.job_id, context.lease.token)
        assert (report.progress.done, report.progress.total, report.progress.message) == (3, 10, "three of ten ")


async def test_of_what_comes_while_a_report_is_under_way_only_the_newest_is_sent() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (context,) = await started(coordinator, handler)
        coordinator.answers_verbs.clear()
        first = asyncio.create_task(context.report_progress(1, 9))
        await eventually(lambda: told(coordinator) == [[1]])
        later = [asyncio.create_task(context.report_progress(done, 9)) for done in range(2, 6)]
        impatient = asyncio.create_task(context.report_progress(6, 9))
        await asyncio.sleep(0)
        impatient.cancel()
        last = asyncio.create_task(context.report_progress(7, 9))
        await asyncio.sleep(0)
        coordinator.answers_verbs.set()
        await asyncio.gather(first, *later, last)
        assert told(coordinator) == [[1], [7]]


async def test_reports_of_several_attempts_go_together() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        contexts = await started(coordinator, handler, 3)
        coordinator.answers_verbs.clear()
        first = asyncio.create_task(contexts[0].report_progress(1, 0))
        await eventually(lambda: told(coordinator) == [[1]])
        rest = [asyncio.create_task(context.report_progress(2, 0)) for context in contexts]
        await asyncio.sleep(0)
        coordinator.answers_verbs.set()
        await asyncio.gather(first, *rest)
        assert told(coordinator) == [[1], [2, 2, 2]]


async def test_a_report_that_is_refused_ends_the_attempt_in_silence() -> None:
    async def reporting(context: JobContext) -> Ended:
        await context.report_progress(1, 2)
        raise AssertionError

    async with scripted() as coordinator, working(coordinator, {"note": reporting}):
        coordinator.refuses = True
        stream = await coordinator.stream()
        stream.send_jobs([new_lease()])
        await eventually(lambda: stream.credit.ended_total == 1)
        assert coordinator.completions == coordinator.failures == coordinator.releases == []


async def test_nothing_is_sent_of_an_attempt_that_is_over() -> None:
    refused: list[LeaseLost] = []
    handler = HeldHandler()

    async def stubborn(context: JobContext) -> None:
        try:
            await handler(context)
        except asyncio.CancelledError:
            try:
                await context.report_progress(1, 2)
            except LeaseLost as error:
                refused.append(error)

    async with scripted() as coordinator, working(coordinator, {"note": stubborn}):
        (context,) = await started(coordinator, handler)
        coordinator.streams[0].send_pong(lost=[context.lease])
        await eventually(lambda: refused)
        assert coordinator.reports == []


async def test_a_message_is_cut_at_one_kibibyte_and_numbers_are_not_negative() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (context,) = await started(coordinator, handler)
        await context.report_progress(0, 0, "ü" * 2_000)
        assert coordinator.reports[0][0].progress.message == "ü" * 512
        with pytest.raises(ValueError, match="not negative"):
            await context.report_progress(-1, 2)


@pytest.mark.parametrize("last", ["progress", "checkpoint"])
async def test_progress_and_a_checkpoint_that_wait_go_in_one_report(last: str) -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (context,) = await started(coordinator, handler)
        coordinator.answers_verbs.clear()
        first = asyncio.create_task(context.report_progress(1, 9))
        await eventually(lambda: told(coordinator) == [[1]])
        assert not coordinator.reports[0][0].HasField("checkpoint"), "what is not said stays as it is"
        newest = [context.report_progress(3, 9), context.save_checkpoint(b"b")]
        newest = newest if last == "checkpoint" else newest[::-1]
        later = [
            asyncio.create_task(one) for one in (context.save_checkpoint(b"a"), context.report_progress(2, 9), *newest)
        ]
        await asyncio.sleep(0)
        coordinator.answers_verbs.set()
        await asyncio.gather(first, *later)
        ((report,),) = coordinator.reports[1:]
        assert (report.progress.done, report.checkpoint) == (3, b"b")


async def test_a_checkpoint_alone_leaves_the_progress_and_an_empty_one_is_said() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}):
        (context,) = await started(coordinator, handler)
        await context.save_checkpoint(b"")
        ((report,),) = coordinator.reports
        assert (report.HasField("progress"), report.HasField("checkpoint"), report.checkpoint) == (False, True, b"")


async def test_checkpoints_go_in_calls_that_grpc_takes_and_none_is_larger_than_may_be() -> None:
    handler = HeldHandler()
    async with scripted() as coordinator, working(coordinator, {"note": handler}, concurrency=300):
        contexts = await started(coordinator, handler, 300)
        with pytest.raises(ValueError, match="at most 16,384 bytes, not 16,385"):
            await contexts[0].save_checkpoint(bytes(16 * 1024 + 1))
        await asyncio.gather(*[context.save_checkpoint(bytes(16 * 1024)) for context in contexts])
        assert sum(map(len, coordinator.reports)) == 300
        assert max(map(len, coordinator.reports)) == 128
