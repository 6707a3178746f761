"""AdminService on a real port: workers, jobs of any owner, and what is written down of it."""

from typing import Any

import grpc
import grpc.aio
import psycopg
import pytest

from coordinator.store.auditing import audit_id
from protos.jobs.v1 import admin_service_pb2 as admin
from protos.jobs.v1 import job_pb2
from tests.service.administering import ago, audited, details, operator, run_sql
from tests.service.calls import complete, enqueue, fail, get_job, new_job, refusal_of, report
from tests.service.claim_stream import claim_stream, leased, leases_of
from tests.service.conftest import Connect, StartCoordinator
from tests.waiting import eventually

UNKNOWN = "00000000-0000-7000-8000-000000000000"


async def workers_of(channel: grpc.aio.Channel, *, closed: bool = False) -> list[admin.Worker]:
    response = await operator(channel).ListWorkers(admin.ListWorkersRequest(include_closed=closed))
    return list(response.workers)


async def state_of(channel: grpc.aio.Channel, session_id: str) -> str:
    (worker,) = [one for one in await workers_of(channel, closed=True) if one.session_id == session_id]
    return admin.WorkerState.Name(worker.state).removeprefix("WORKER_STATE_")


async def test_a_worker_is_listed_with_what_it_holds(channel: grpc.aio.Channel) -> None:
    await enqueue(channel, *[new_job() for _ in range(25)])
    await enqueue(channel, new_job(queue="other"))
    async with claim_stream(channel, worker="w7") as stream:
        await stream.grant(22)
        held = leased(await stream.jobs())
        while len(held) < 22:
            held += leased(await stream.jobs())
        await report(channel, held[0], 3, 9, "reading")
        (worker,) = await workers_of(channel)
        assert (worker.name, list(worker.queues), list(worker.kinds)) == ("w7", ["default"], ["work"])
        assert (worker.session_id, worker.state) == (stream.welcome.session_id, admin.WORKER_STATE_ACTIVE)
        assert (worker.held_count, len(worker.held)) == (22, 20)
        assert {job.job_id for job in worker.held} <= {str(job_id) for job_id, _ in held}
        reported = [job.progress.done for job in worker.held if job.job_id == str(held[0][0])]
        assert reported in ([3], []), "one of the twenty, or one of the two that are left out"
        assert worker.expires_at.seconds > worker.opened_at.seconds


async def test_who_left_and_who_was_lost_is_told_apart(start_coordinator: StartCoordinator, connect: Connect) -> None:
    channel = connect(await start_coordinator(reconnect_grace_seconds=0.1))
    async with claim_stream(channel) as stream:
        left = stream.welcome.session_id
        await stream.goodbye()
    async with claim_stream(channel) as stream:
        lost = stream.welcome.session_id

    async def is_told() -> bool:
        return [await state_of(channel, left), await state_of(channel, lost)] == ["LEFT", "LOST"]

    await eventually(is_told)
    assert await workers_of(channel) == []


async def test_workers_come_in_pages_newest_first(channel: grpc.aio.Channel) -> None:
    async with claim_stream(channel) as one, claim_stream(channel) as two, claim_stream(channel) as three:
        newest_first = [stream.welcome.session_id for stream in (three, two, one)]
        request = admin.ListWorkersRequest(page_size=2)
        first = await operator(channel).ListWorkers(request)
        async with claim_stream(channel):
            request.page_token = first.next_page_token
            second = await operator(channel).ListWorkers(request)
        assert [worker.session_id for worker in (*first.workers, *second.workers)] == newest_first
        assert second.next_page_token == ""


async def test_a_worker_that_is_drained_is_told_wherever_its_stream_is_and_gets_nothing_more(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator()) for _ in range(2)]
    async with claim_stream(there) as stream:
        await stream.grant(5)
        await stream.ping()
        request = admin.DrainWorkerRequest(session_id=stream.welcome.session_id)
        assert (await operator(here).DrainWorker(request)).changed
        assert not (await operator(here).DrainWorker(request)).changed
        assert (await stream.pong()).retire
        await enqueue(there, new_job())
        assert (await stream.ping(9)).retire, "every Pong says it again"
        assert await state_of(here, stream.welcome.session_id) == "DRAINING"
        async with claim_stream(here, worker="another") as other:
            await other.grant(1)
            assert await complete(here, *leased(await other.jobs())) == []


async def test_a_drained_worker_that_resumes_elsewhere_is_told_there(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator()) for _ in range(2)]
    async with claim_stream(here) as stream:
        welcome = stream.welcome
        await operator(there).DrainWorker(admin.DrainWorkerRequest(session_id=welcome.session_id))
    async with claim_stream(there, secret=welcome.session_secret) as stream:
        assert stream.welcome.session_id == welcome.session_id
        assert (await stream.pong()).retire
        await stream.grant(1)
        await enqueue(there, new_job())
        assert (await stream.ping()).retire


@pytest.mark.parametrize("session_id", ["1", "999999"])
async def test_a_worker_whose_session_is_over_cannot_be_drained(
    channel: grpc.aio.Channel, owner_url: str, session_id: str
) -> None:
    async with claim_stream(channel) as stream:
        assert stream.welcome.session_id == "1"
        await stream.goodbye()

    async def is_over() -> bool:
        return await state_of(channel, "1") == "LEFT"

    # The coordinator ends the stream first, and then the session.
    await eventually(is_over)
    refused = await refusal_of(operator(channel).DrainWorker(admin.DrainWorkerRequest(session_id=session_id)))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "WORKER_NOT_FOUND")
    assert audited(owner_url) == []


async def test_any_job_can_be_read_whoever_owns_it(channel: grpc.aio.Channel) -> None:
    (job_id,) = await enqueue(channel, new_job(b"12345"), owner="someone")
    job = (await operator(channel).GetAnyJob(admin.GetAnyJobRequest(job_id=str(job_id)))).job
    assert (job.owner, job.size, job.state) == ("someone", 5, job_pb2.JOB_STATE_PENDING)
    refused = await refusal_of(operator(channel).GetAnyJob(admin.GetAnyJobRequest(job_id=UNKNOWN)))
    assert refused.reason == "JOB_NOT_FOUND"


async def test_jobs_are_cancelled_by_id_whoever_owns_them_and_their_workers_are_told(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    here, there = [connect(await start_coordinator()) for _ in range(2)]
    (held,) = await enqueue(here, new_job(), owner="a")
    async with claim_stream(there) as stream:
        await stream.grant(1)
        lease = leased(await stream.jobs())[0]
        (waiting,) = await enqueue(here, new_job(), owner="b")
        request = admin.CancelJobsRequest(job_ids=[str(held), str(waiting), str(held), UNKNOWN])
        response = await operator(here).CancelJobs(request)
        assert (set(response.job_ids), response.more) == ({str(held), str(waiting)}, False)
        assert leases_of((await stream.pong()).cancelled) == [lease]
        assert await complete(there, lease) == [0]
    assert list((await operator(here).CancelJobs(request)).job_ids) == []
    assert (await get_job(here, waiting, owner="b")).state == job_pb2.JOB_STATE_CANCELLED


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ({}, {"a", "b", "c", "later"}),
        ({"owner": "bob"}, {"b"}),
        ({"kind": "rest"}, {"c"}),
        ({"lane": "fast"}, {"c"}),
        ({"lane": "bob"}, {"b"}),
        ({"owner": "bob", "lane": "fast"}, set[str]()),
        ({"owner": "bob", "kind": "rest"}, set[str]()),
    ],
)
async def test_jobs_are_cancelled_by_a_filter(
    channel: grpc.aio.Channel, owner_url: str, wanted: dict[str, str], gone: set[str]
) -> None:
    ids = {
        "a": await enqueue(channel, new_job()),
        "b": await enqueue(channel, new_job(), owner="bob"),
        "c": await enqueue(channel, new_job(kind="rest", lane="fast")),
        "other": await enqueue(channel, new_job(queue="other")),
    }
    later = new_job()
    later.delay.FromSeconds(60)
    ids["later"] = await enqueue(channel, later)
    names = {str(one): name for name, (one,) in ids.items()}
    request = admin.CancelJobsRequest(filter=admin.OpenJobFilter(queue="default", **wanted))
    response = await operator(channel).CancelJobs(request)
    assert {names[job_id] for job_id in response.job_ids} == gone
    assert not response.more
    (entry,) = audited(owner_url)
    assert entry["act"] == "CancelJobs"
    # An owner stands there as an HMAC alone, and so does a lane, which may be an owner's.
    asked = {name: "(withheld)" if name == "lane" else value for name, value in wanted.items() if name != "owner"}
    assert entry["details"]["filter"] == {"queue": "default", **asked}
    with psycopg.connect(owner_url) as connection:
        (key,) = connection.execute("SELECT key FROM sluice.audit_keys").fetchone() or (b"",)
    about = wanted.get("owner") or wanted.get("lane")
    assert entry["details"].get("user") == (about and audit_id(key, about))
    assert "bob" not in str(entry)
    assert {names[job_id] for job_id in entry["details"]["cancelled"]} == gone


async def test_a_cancellation_by_filter_goes_on_while_there_is_more(channel: grpc.aio.Channel) -> None:
    ids = await enqueue(channel, *[new_job() for _ in range(5)])
    request = admin.CancelJobsRequest(filter=admin.OpenJobFilter(queue="default"), limit=2)
    told = []
    while (response := await operator(channel).CancelJobs(request)).more:
        told += [*response.job_ids]
        assert len(response.job_ids) == 2
    assert sorted([*told, *response.job_ids]) == sorted(map(str, ids))


def bad_requests() -> list[tuple[str, object, str]]:
    filters = admin.OpenJobFilter(queue="default")
    return [
        ("CancelJobs", admin.CancelJobsRequest(), "job_ids"),
        ("CancelJobs", admin.CancelJobsRequest(job_ids=[UNKNOWN], filter=filters), "job_ids"),
        ("CancelJobs", admin.CancelJobsRequest(job_ids=[UNKNOWN] * 1_001), "job_ids"),
        ("CancelJobs", admin.CancelJobsRequest(job_ids=["7"]), "job_ids[0]"),
        ("CancelJobs", admin.CancelJobsRequest(filter=filters, limit=1_001), "limit"),
        ("CancelJobs", admin.CancelJobsRequest(filter=admin.OpenJobFilter()), "filter.queue"),
        ("CancelJobs", admin.CancelJobsRequest(filter=admin.OpenJobFilter(queue="q", lane="x" * 201)), "filter.lane"),
        ("PruneJobs", admin.PruneJobsRequest(), "finished_before"),
        ("PruneJobs", admin.PruneJobsRequest(finished_before=ago(minutes=59)), "finished_before"),
        ("PruneJobs", admin.PruneJobsRequest(finished_before=ago(days=1), limit=10_001), "limit"),
        ("PruneJobs", admin.PruneJobsRequest(finished_before=ago(days=1), queue="no blanks"), "queue"),
        (
            "PruneJobs",
            admin.PruneJobsRequest(finished_before=ago(days=1), states=[job_pb2.JOB_STATE_PENDING]),
            "states",
        ),
        ("ListAllJobs", admin.ListAllJobsRequest(page_size=201), "page_size"),
        ("ListAllJobs", admin.ListAllJobsRequest(page_size=-1), "page_size"),
        ("ListAllJobs", admin.ListAllJobsRequest(page_token="nonsense"), "page_token"),
        ("ListAllJobs", admin.ListAllJobsRequest(states=[job_pb2.JOB_STATE_UNSPECIFIED]), "states"),
        ("ListAllJobs", admin.ListAllJobsRequest(kind="no blanks"), "kind"),
        ("ListAllJobs", admin.ListAllJobsRequest(reason="lower"), "reason"),
        ("ListAllJobs", admin.ListAllJobsRequest(owner="x" * 201), "owner"),
        ("ListWorkers", admin.ListWorkersRequest(page_size=201), "page_size"),
        ("ListWorkers", admin.ListWorkersRequest(page_token="AAAA"), "page_token"),
        ("ListAudit", admin.ListAuditRequest(page_size=201), "page_size"),
        ("ListAudit", admin.ListAuditRequest(page_token="!"), "page_token"),
        ("DrainWorker", admin.DrainWorkerRequest(), "session_id"),
        ("DrainWorker", admin.DrainWorkerRequest(session_id="9" * 19), "session_id"),
        ("GetAnyJob", admin.GetAnyJobRequest(job_id="7"), "job_id"),
        ("GetQueueStats", admin.GetQueueStatsRequest(queue="no blanks"), "queue"),
    ]


async def test_what_cannot_be_carried_out_is_refused_by_the_name_of_its_field(
    channel: grpc.aio.Channel, owner_url: str
) -> None:
    for method, request, field in bad_requests():
        refused = await refusal_of(getattr(operator(channel), method)(request))
        told = (refused.code, refused.reason, refused.info.metadata["field"])
        assert told == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", field), f"{method} {request}"
    assert audited(owner_url) == [], "what was refused was no act"


async def test_reap_takes_back_at_once_what_a_dead_worker_holds(
    start_coordinator: StartCoordinator, connect: Connect, owner_url: str
) -> None:
    channel = connect(await start_coordinator())
    (job_id,) = await enqueue(channel, new_job())
    async with claim_stream(channel) as stream:
        await stream.grant(1)
        await stream.jobs()
        assert await operator(channel).Reap(admin.ReapRequest()) == admin.ReapResponse(), "who lives keeps its jobs"
        # As the worker of a coordinator that is gone, which was not renewed since.
        run_sql(
            owner_url,
            "UPDATE sluice.worker_sessions "
            "SET coordinator = gen_random_uuid(), epoch = 7, open = false, closed_at = now()",
        )
        response = await operator(channel).Reap(admin.ReapRequest())
        job = await get_job(channel, job_id)
    assert job.state == job_pb2.JOB_STATE_PENDING
    # Its own round may have been a moment earlier.
    assert response.jobs in (0, 1)
    assert [entry["act"] for entry in audited(owner_url)] == ["Reap", "Reap"]
    assert audited(owner_url)[1]["details"] == {"jobs": response.jobs, "sessions": 0}


async def finish(channel: grpc.aio.Channel, ends: str, **fields: Any) -> None:
    """Has a job completed ("c"), failed ("f") or cancelled ("x") for each letter."""
    ids = await enqueue(channel, *[new_job(**fields) for _ in ends])
    async with claim_stream(channel, queue=fields.get("queue", "default")) as stream:
        await stream.grant(len(ends))
        held = leased(await stream.jobs())
        while len(held) < len(ends):
            held += leased(await stream.jobs())
        for end, job_id in zip(ends, ids, strict=True):
            lease = next(one for one in held if one[0] == job_id)
            if end == "c":
                await complete(channel, lease)
            elif end == "f":
                await fail(channel, lease, permanent=True)
            else:
                await operator(channel).CancelJobs(admin.CancelJobsRequest(job_ids=[str(job_id)]))
        await stream.goodbye()


def history(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT queue, state FROM sluice.job_history ORDER BY queue, state").fetchall()


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, []),
        ({"queue": "default"}, [("other", "failed")]),
        ({"states": [job_pb2.JOB_STATE_FAILED]}, [("default", "cancelled"), ("default", "completed")]),
        (
            {"queue": "default", "states": [job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_CANCELLED]},
            [("default", "failed"), ("other", "failed")],
        ),
    ],
)
async def test_prune_removes_what_finished_before_a_time_and_fits(
    channel: grpc.aio.Channel, owner_url: str, wanted: dict[str, object], left: list[tuple[str, str]]
) -> None:
    await finish(channel, "cfx")
    await finish(channel, "f", queue="other")
    request = admin.PruneJobsRequest(finished_before=ago(hours=1.5), **wanted)  # type: ignore[arg-type]
    assert (await operator(channel).PruneJobs(request)).jobs == 0, "they finished just now"
    # To the day before, where there is one.
    run_sql(owner_url, "UPDATE sluice.job_history SET finished_at = finished_at - interval '2 h'")
    response = await operator(channel).PruneJobs(request)
    assert (response.jobs, response.more) == (4 - len(left), False)
    assert history(owner_url) == left
    assert (await operator(channel).PruneJobs(request)).jobs == 0
    pruned = [entry["details"]["pruned"] for entry in audited(owner_url) if entry["act"] == "PruneJobs"]
    assert pruned == [0, 4 - len(left), 0]


async def test_prune_goes_on_in_bounded_steps_oldest_first(channel: grpc.aio.Channel, owner_url: str) -> None:
    await finish(channel, "ccccc")
    run_sql(
        owner_url,
        "UPDATE sluice.job_history AS h SET finished_at = now() - interval '2 h' - n * interval '1 s' FROM "
        "(SELECT id, row_number() OVER (ORDER BY id) AS n FROM sluice.job_history) AS o WHERE o.id = h.id",
    )
    with psycopg.connect(owner_url) as connection:
        oldest_first = connection.execute("SELECT id FROM sluice.job_history ORDER BY finished_at").fetchall()
    request = admin.PruneJobsRequest(finished_before=ago(hours=1), limit=2)
    steps = [await operator(channel).PruneJobs(request) for _ in range(2)]
    assert [(step.jobs, step.more) for step in steps] == [(2, True), (2, True)]
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT id FROM sluice.job_history").fetchall() == oldest_first[4:]
    last = await operator(channel).PruneJobs(request)
    assert (last.jobs, last.more) == (1, False)


async def test_the_audit_log_tells_who_did_what_for_whom_and_from_where(
    start_coordinator: StartCoordinator, connect: Connect
) -> None:
    token = "operator-token-of-the-tests"
    channel = connect(await start_coordinator(service_tokens=f"operator:{token}"))
    authorization = ("authorization", f"Bearer {token}")
    person = ("x-sluice-on-behalf-of", "11111111-2222-3333-4444-555555555555")
    await operator(channel).Reap(admin.ReapRequest(), metadata=[authorization])
    await operator(channel).CancelJobs(admin.CancelJobsRequest(job_ids=[UNKNOWN]), metadata=[authorization, person])
    entries = (await operator(channel).ListAudit(admin.ListAuditRequest(), metadata=[authorization])).entries
    assert [entry.act for entry in entries] == ["CancelJobs", "Reap"]
    assert entries[1].principal.startswith("operator/")
    assert entries[0].principal == f"{entries[1].principal} for {person[1]}"
    assert token not in str(entries)
    assert all(entry.peer.startswith("ipv4:127.0.0.1:") and entry.at.seconds for entry in entries)
    assert details(entries[0]) == {"job_ids": [UNKNOWN], "cancelled": []}


@pytest.mark.parametrize("person", ["x" * 201, ""])
async def test_a_person_who_is_none_is_refused(channel: grpc.aio.Channel, owner_url: str, person: str) -> None:
    metadata = [("x-sluice-on-behalf-of", person)]
    refused = await refusal_of(operator(channel).Reap(admin.ReapRequest(), metadata=metadata))
    assert (refused.reason, refused.info.metadata["field"]) == ("INVALID_REQUEST", "x-sluice-on-behalf-of")
    assert audited(owner_url) == []


async def test_the_audit_log_comes_in_pages_newest_first(channel: grpc.aio.Channel) -> None:
    for _ in range(3):
        await operator(channel).Reap(admin.ReapRequest())
    request = admin.ListAuditRequest(page_size=2)
    first = await operator(channel).ListAudit(request)
    await operator(channel).Reap(admin.ReapRequest())
    request.page_token = first.next_page_token
    second = await operator(channel).ListAudit(request)
    assert [entry.id for entry in (*first.entries, *second.entries)] == [3, 2, 1]
    assert second.next_page_token == ""


@pytest.mark.parametrize("statement", ["UPDATE sluice.audit_log SET act = ''", "DELETE FROM sluice.audit_log"])
def test_the_coordinator_itself_cannot_change_what_is_written_down(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("CancelJobs", admin.CancelJobsRequest(filter=admin.OpenJobFilter(queue="default"))),
        ("DrainWorker", admin.DrainWorkerRequest(session_id="2")),
        ("PruneJobs", admin.PruneJobsRequest(finished_before=ago(hours=2))),
        ("RedriveJobs", admin.RedriveJobsRequest(filter=admin.FailedJobFilter(queue="default"))),
    ],
)
async def test_an_act_that_cannot_be_written_down_is_not_carried_out(
    channel: grpc.aio.Channel, owner_url: str, method: str, request_: object
) -> None:
    await finish(channel, "f")
    run_sql(owner_url, "UPDATE sluice.job_history SET finished_at = finished_at - interval '3 h'")
    await enqueue(channel, new_job(kind="rest"))
    async with claim_stream(channel, kinds=("none",)):
        before = everything(owner_url)
        run_sql(owner_url, "ALTER TABLE sluice.audit_log ADD CONSTRAINT nothing CHECK (false) NOT VALID")
        refused = await refusal_of(getattr(operator(channel), method)(request_))
        assert refused.reason == "INTERNAL"
        assert everything(owner_url) == before


def everything(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT id::text, state FROM sluice.jobs UNION ALL SELECT id::text, state FROM sluice.job_history "
            "UNION ALL SELECT id::text, retiring::text FROM sluice.worker_sessions ORDER BY 1"
        ).fetchall()
