"""What operators do: each act is written to the audit log with the operator's id, and a repeat of each is safe."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from coordinator_client.errors import WorkerNotFound
from gateway.admin_gate import ADMIN_PATH, ActingOperator
from gateway.admin_job_views import CancelWish, ChangedJobs, RedriveWish
from gateway.admin_views import QueueLimits, limits_message, limits_view
from gateway.idempotency import IdempotencyKey
from gateway.openapi import problems
from gateway.problems import refusal
from gateway.upload_views import View

# As the coordinator names them.
_SESSION_ID = re.compile(r"[0-9]{1,18}")

Queue = Annotated[str, Path(max_length=128)]

router = APIRouter(prefix=ADMIN_PATH, tags=["operators"])


class ChangeView(View):
    """Whether an act changed anything: it did not where things were so before."""

    changed: bool


class LimitsSet(View):
    """The limits that a queue had before."""

    previous: QueueLimits = Field(description="Null is not limited.")


@router.post("/queues/{queue}/pause", responses=problems(400, 404, 422, 503))
async def pause_queue(operator: ActingOperator, queue: Queue, _key: IdempotencyKey) -> ChangeView:
    """Has nothing claimed from a queue any more; what workers hold goes on."""
    return ChangeView(changed=await operator.pause_queue(queue))


@router.post("/queues/{queue}/resume", responses=problems(400, 404, 422, 503))
async def resume_queue(operator: ActingOperator, queue: Queue, _key: IdempotencyKey) -> ChangeView:
    """Has a queue claimed from again."""
    return ChangeView(changed=await operator.resume_queue(queue))


@router.put("/queues/{queue}/limits", responses=problems(400, 404, 422, 503))
async def set_queue_limits(operator: ActingOperator, queue: Queue, limits: QueueLimits) -> LimitsSet:
    """Sets all limits of a queue in place of those it had. Lower ones take nothing back that a worker holds."""
    return LimitsSet(previous=limits_view(await operator.set_queue_limits(queue, limits_message(limits))))


def _session_id(worker_id: Annotated[str, Path(description="The id of the worker's session: opaque.")]) -> str:
    if not _SESSION_ID.fullmatch(worker_id):
        raise refusal(WorkerNotFound.default_reason, "There is no worker of this id.")
    return worker_id


@router.post("/workers/{worker_id}/drain", responses=problems(400, 404, 503))
async def drain_worker(
    operator: ActingOperator, worker_id: Annotated[str, Depends(_session_id)], _key: IdempotencyKey
) -> ChangeView:
    """Has a worker finish what it holds, claim nothing more, and leave."""
    return ChangeView(changed=await operator.drain_worker(worker_id))


@router.post("/jobs/cancel", responses=problems(400, 404, 422, 429, 503))
async def cancel_jobs(operator: ActingOperator, wish: CancelWish, _key: IdempotencyKey) -> ChangedJobs:
    """Ends unfinished jobs. By a filter it is a step of at most `limit`: ask again while `more` is true."""
    chosen = wish.filter.message() if wish.filter else None
    done = await operator.cancel_jobs(job_ids=wish.job_ids, filter=chosen, limit=wish.limit if chosen else 0)
    return ChangedJobs(job_ids=list(done.job_ids), more=done.more)


@router.post("/jobs/redrive", responses=problems(400, 404, 422, 503))
async def redrive_jobs(operator: ActingOperator, wish: RedriveWish, _key: IdempotencyKey) -> ChangedJobs:
    """Puts failed jobs back into their queues. By a filter it is a step: ask again while `more` is true.

    A job stays failed whose content is gone, or whose unique key an unfinished job has by now. Say until when they
    failed, or jobs that fail anew meanwhile are found again.
    """
    chosen = wish.filter.message() if wish.filter else None
    done = await operator.redrive_jobs(job_ids=wish.job_ids, filter=chosen, limit=wish.limit if chosen else 0)
    return ChangedJobs(job_ids=list(done.job_ids), more=done.more)
