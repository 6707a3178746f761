"""What operators look at: queues, workers, jobs of any owner, and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from coordinator_client.errors import JobNotFound
from gateway.admin_gate import ADMIN_PATH, ActingOperator
from gateway.admin_job_views import AdminJobPage, AdminJobView, full_job, job_row
from gateway.admin_views import AuditPage, QueuesView, WorkerPage, audit_view, queues_view, worker_view
from gateway.job_views import STATES, JobStateName
from gateway.openapi import problems
from gateway.problems import refusal
from gateway.upload_ids import may_be_id
from protos.jobs.v1 import admin_service_pb2 as admin

_STATES_BY_NAME = {name: state for state, name in STATES.items()}

PageSize = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=1000, description="nextCursor of the page before.")]

router = APIRouter(prefix=ADMIN_PATH, tags=["operators"])


@router.get("/queues", responses=problems(404, 503))
async def list_queues(operator: ActingOperator) -> QueuesView:
    """Tells how every queue stands."""
    return queues_view(await operator.get_queue_stats())


@router.get("/workers", responses=problems(400, 404, 422, 503))
async def list_workers(
    operator: ActingOperator,
    closed: Annotated[bool, Query(description="Also those that closed within the last hour.")] = False,
    limit: PageSize = 50,
    cursor: Cursor = "",
) -> WorkerPage:
    """Lists workers, newest first, with what each holds."""
    request = admin.ListWorkersRequest(include_closed=closed, page_size=limit, page_token=cursor)
    page = await operator.workers_page(request)
    items = [worker_view(worker) for worker in page.workers]
    return WorkerPage(items=items, next_cursor=page.next_page_token or None)


@router.get("/jobs", responses=problems(400, 404, 422, 503))
async def list_any_jobs(
    operator: ActingOperator,
    queue: Annotated[str, Query(max_length=128)] = "",
    kind: Annotated[str, Query(max_length=128)] = "",
    owner: Annotated[str, Query(max_length=200)] = "",
    reason: Annotated[str, Query(max_length=64, description="The reason of the last error.")] = "",
    state: Annotated[list[JobStateName] | None, Query(max_length=6, description="Any of these; none: all.")] = None,
    limit: PageSize = 50,
    cursor: Cursor = "",
) -> AdminJobPage:
    """Lists jobs of any owner, newest first, each with its last error.

    One page looks at 10,000 jobs: where few of them fit it is short or empty, and the next one goes on.
    """
    request = admin.ListAllJobsRequest(
        queue=queue,
        kind=kind,
        owner=owner,
        reason=reason,
        states=[_STATES_BY_NAME[name] for name in state or ()],
        page_size=limit,
        page_token=cursor,
    )
    page = await operator.jobs_page(request)
    return AdminJobPage(items=[job_row(job) for job in page.jobs], next_cursor=page.next_page_token or None)


def _job_id(job_id: Annotated[str, Path(description="As the job was given it: opaque.")]) -> str:
    if not may_be_id(job_id):
        raise refusal(JobNotFound.default_reason, "There is no job of this id.")
    return job_id


@router.get("/jobs/{job_id}", responses=problems(404, 503))
async def get_any_job(operator: ActingOperator, job_id: Annotated[str, Depends(_job_id)]) -> AdminJobView:
    """Tells of one job everything that is kept, but for its payload."""
    return full_job(await operator.get_job(job_id))


@router.get("/audit", responses=problems(400, 404, 422, 503))
async def list_audit(
    operator: ActingOperator,
    # An entry may name two thousand jobs, and the coordinator's answer may have 4 MiB.
    limit: Annotated[int, Query(ge=1, le=40)] = 25,
    cursor: Cursor = "",
) -> AuditPage:
    """Lists what operators did, newest first."""
    page = await operator.audit_page(admin.ListAuditRequest(page_size=limit, page_token=cursor))
    return AuditPage(items=[audit_view(entry) for entry in page.entries], next_cursor=page.next_page_token or None)
