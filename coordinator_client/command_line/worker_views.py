"""Workers as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from coordinator_client.command_line.documents import state_name
from coordinator_client.command_line.job_views import progress_text
from coordinator_client.command_line.shown import Times, plain
from coordinator_client.command_line.tables import Cell, Column
from protos.jobs.v1 import admin_service_pb2 as messages

COLUMNS = (
    Column("SESSION", rank=1),
    Column("WORKER", elastic=True),
    Column("STATE"),
    Column("HOLDS", right=True),
    Column("QUEUES", rank=3, elastic=True),
    Column("KINDS", rank=4, elastic=True),
    Column("SINCE", rank=2, right=True),
    Column("DOES", rank=1, elastic=True),
)

_STYLES = {
    messages.WORKER_STATE_ACTIVE: "green",
    messages.WORKER_STATE_DRAINING: "yellow",
    messages.WORKER_STATE_LEFT: "dim",
    messages.WORKER_STATE_LOST: "red",
}


def worker_row(worker: messages.Worker, times: Times) -> Sequence[Cell]:
    """Returns a worker's cells, in the order of COLUMNS."""
    state = state_name(messages.WorkerState.DESCRIPTOR, worker.state)
    return (
        Cell(plain(worker.session_id)),
        Cell(plain(worker.name), "bold"),
        Cell(state, _STYLES.get(worker.state, "")),
        Cell(f"{worker.held_count:,}"),
        Cell(plain(", ".join(worker.queues))),
        Cell(plain(", ".join(worker.kinds))),
        Cell(times.since(worker.opened_at)),
        Cell(_does(worker, times)),
    )


def _does(worker: messages.Worker, times: Times) -> str:
    """Returns what has been with it for the longest."""
    if not worker.held:
        return ""
    job = worker.held[0]
    done = progress_text(job.progress) if job.HasField("progress") else ""
    return f"{plain(job.kind)} {times.since(job.started_at)} {done}".strip()
