"""ListJobs and ListAllJobs: unfinished jobs and history as one list, in pages that stay true under changes."""

from typing import Any
from uuid import UUID

import grpc.aio
import pytest

from coordinator.store import job_lists
from protos.jobs.v1 import admin_service_pb2, job_pb2, job_service_pb2, job_service_pb2_grpc
from tests.service.administering import operator
from tests.service.calls import cancel, complete, enqueue, fail, new_job, refusal_of, snooze
from tests.service.claim_stream import claim_stream, leased

PENDING, SCHEDULED, PROCESSING = job_pb2.JOB_STATE_PENDING, job_pb2.JOB_STATE_SCHEDULED, job_pb2.JOB_STATE_PROCESSING
COMPLETED, FAILED, CANCELLED = job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED
STATES = (PENDING, SCHEDULED, PROCESSING, COMPLETED, FAILED, CANCELLED)


async def list_page(
    channel: grpc.aio.Channel, token: str = "", *, owner: str | None = None, everyone: bool = False, **wanted: object
) -> tuple[list[job_pb2.Job], str]:
    """Returns a page of the owner's jobs, or of everyone's as an operator sees them, and the next one's token."""
    if everyone:
        request = admin_service_pb2.ListAllJobsRequest(page_token=token, owner=owner, **wanted)  # type: ignore[arg-type]
        response = await operator(channel).ListAllJobs(request)
        return list(response.jobs), response.next_page_token
    own = job_service_pb2.ListJobsRequest(owner="tests" if owner is None else owner, page_token=token, **wanted)  # type: ignore[arg-type]
    listed = await job_service_pb2_grpc.JobServiceStub(channel).ListJobs(own)
    return list(listed.jobs), listed.next_page_token


async def list_all(channel: grpc.aio.Channel, **wanted: object) -> list[str]:
    """Returns the ids of all pages."""
    jobs, token = await list_page(channel, **wanted)  # type: ignore[arg-type]
    while token:
        more, token = await list_page(channel, token, **wanted)  # type: ignore[arg-type]
        jobs += more
    return [job.id for job in jobs]


async def one_of_each_state(channel: grpc.aio.Channel, **fields: Any) -> dict[int, str]:
    """Makes a job for each state; returns their ids."""
    ids = await enqueue(channel, *[new_job(**fields) for _ in STATES])
    async with claim_stream(channel) as stream:
        await stream.grant(4)
        held = leased(await stream.jobs())
        while len(held) < 4:
            held += leased(await stream.jobs())
        await complete(channel, held[0])
        await fail(channel, held[1], permanent=True)
        await snooze(channel, held[2], 600)
        # Still held when the worker has gone, for as long as its session.
        (pending, cancelled) = [one for one in ids if one not in {job_id for job_id, _ in held}]
        await cancel(channel, cancelled)
        of_state = (pending, held[2][0], held[3][0], held[0][0], held[1][0], cancelled)
    return dict(zip(STATES, map(str, of_state), strict=True))


@pytest.mark.parametrize("everyone", [False, True])
async def test_jobs_of_every_state_are_listed_newest_first(channel: grpc.aio.Channel, *, everyone: bool) -> None:
    made = await one_of_each_state(channel)
    jobs, token = await list_page(channel, everyone=everyone)
    assert [job.id for job in jobs] == sorted(made.values(), reverse=True)
    assert {job.id: job.state for job in jobs} == {job_id: state for state, job_id in made.items()}
    assert token == ""
    assert [len(job.errors) for job in jobs if job.state == FAILED] == [1]
    for state, job_id in made.items():
        assert await list_all(channel, everyone=everyone, states=[state]) == [job_id]
    some = [COMPLETED, PENDING]
    wanted = sorted((made[state] for state in some), reverse=True)
    assert await list_all(channel, everyone=everyone, states=some) == wanted


async def test_an_owner_sees_no_job_of_another(channel: grpc.aio.Channel) -> None:
    (mine,) = await enqueue(channel, new_job(), owner="me")
    await enqueue(channel, new_job(), owner="them")
    assert await list_all(channel, owner="me") == [str(mine)]
    assert await list_all(channel, owner="nobody") == []


@pytest.mark.parametrize("everyone", [False, True])
async def test_queue_and_kind_narrow_the_list(channel: grpc.aio.Channel, *, everyone: bool) -> None:
    (plain,) = await enqueue(channel, new_job())
    (queue,) = await enqueue(channel, new_job(queue="other"))
    (kind,) = await enqueue(channel, new_job(kind="other"))
    assert await list_all(channel, everyone=everyone, queue="other") == [str(queue)]
    assert await list_all(channel, everyone=everyone, kind="other") == [str(kind)]
    assert await list_all(channel, everyone=everyone, queue="default", kind="work") == [str(plain)]


async def test_an_operator_finds_jobs_by_owner_and_by_the_reason_of_their_last_error(channel: grpc.aio.Channel) -> None:
    made = await one_of_each_state(channel)
    await enqueue(channel, new_job(), owner="them")
    assert await list_all(channel, everyone=True, reason="BROKEN") == [made[FAILED]]
    assert await list_all(channel, everyone=True, reason="OTHER") == []
    assert len(await list_all(channel, everyone=True, owner="them")) == 1
    processing = {"everyone": True, "states": [PROCESSING]}
    for narrow, found in (("queue", "default"), ("kind", "work"), ("owner", "tests")):
        assert await list_all(channel, **processing, **{narrow: found}) == [made[PROCESSING]]
        assert await list_all(channel, **processing, **{narrow: "another"}) == []


@pytest.mark.parametrize("everyone", [False, True])
async def test_pages_lose_and_repeat_nothing_while_jobs_move_into_history_and_new_ones_come(
    channel: grpc.aio.Channel, *, everyone: bool
) -> None:
    ids = [str(one) for one in await enqueue(channel, *[new_job() for _ in range(20)])]
    seen: list[str] = []
    token = ""
    async with claim_stream(channel) as stream:
        await stream.grant(20)
        held: list[tuple[UUID, int]] = []
        while len(held) < 20:
            held += leased(await stream.jobs())
        while True:
            jobs, token = await list_page(channel, token, everyone=everyone, page_size=3)
            seen += [job.id for job in jobs]
            if not token:
                break
            assert len(jobs) == 3
            # The oldest, which are still to be listed, and the newest, which were.
            await complete(channel, held.pop(0), held.pop())
            await enqueue(channel, new_job())
    assert seen == sorted(ids, reverse=True)


@pytest.mark.parametrize("everyone", [False, True])
async def test_a_page_that_looked_at_many_and_found_few_is_short_and_the_next_goes_on(
    channel: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch, *, everyone: bool
) -> None:
    (rare,) = await enqueue(channel, new_job(kind="rare"))
    await enqueue(channel, *[new_job() for _ in range(10)])
    defaults = (4,)
    monkeypatch.setattr(job_lists.list_jobs, "__defaults__", defaults)
    jobs, token = await list_page(channel, everyone=everyone, kind="rare")
    assert (jobs, bool(token)) == ([], True)
    assert await list_all(channel, everyone=everyone, kind="rare") == [str(rare)]


async def test_what_cannot_be_listed_is_refused_by_the_name_of_its_field(channel: grpc.aio.Channel) -> None:
    bad: dict[str, dict[str, object]] = {
        "owner": {"owner": ""},
        "queue": {"queue": "no blanks"},
        "kind": {"kind": "x" * 129},
        "states": {"states": [99]},
        "page_size": {"page_size": 201},
        "page_token": {"token": "AAAA"},
    }
    for field, wanted in bad.items():
        refused = await refusal_of(list_page(channel, **wanted))  # type: ignore[arg-type]
        assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", field)
