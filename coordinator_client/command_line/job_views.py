"""Jobs as people see them: a row of a list, everything about one, a line while it is watched."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from coordinator_client.command_line.documents import state_name
from coordinator_client.command_line.shown import Times, plain, size
from coordinator_client.command_line.tables import Cell, Column
from protos.jobs.v1 import job_pb2

COLUMNS = (
    Column("ID"),
    Column("STATE"),
    Column("QUEUE", rank=2, elastic=True),
    Column("KIND", rank=1, elastic=True),
    Column("TRY", rank=3, right=True),
    Column("AGE", rank=4, right=True),
    Column("OWNER", rank=7, elastic=True),
    Column("PROGRESS", rank=6, elastic=True),
    Column("LAST ERROR", rank=5, elastic=True),
)

_STYLES = {
    job_pb2.JOB_STATE_SCHEDULED: "yellow",
    job_pb2.JOB_STATE_PROCESSING: "cyan",
    job_pb2.JOB_STATE_COMPLETED: "green",
    job_pb2.JOB_STATE_FAILED: "red",
    job_pb2.JOB_STATE_CANCELLED: "dim",
}


def job_state(state: job_pb2.JobState.ValueType) -> str:
    """Returns "pending" and so on."""
    return state_name(job_pb2.JobState.DESCRIPTOR, state)


def job_row(job: job_pb2.Job, times: Times) -> Sequence[Cell]:
    """Returns a job's cells, in the order of COLUMNS."""
    return (
        Cell(plain(job.id)),
        _state(job),
        Cell(plain(job.queue)),
        Cell(plain(job.kind)),
        Cell(f"{job.attempt}/{job.max_attempts}"),
        Cell(times.since(job.created_at)),
        Cell(plain(job.owner)),
        Cell(progress(job)),
        Cell(
            plain(job.errors[-1].reason) if job.errors else "", "red" if job.state == job_pb2.JOB_STATE_FAILED else ""
        ),
    )


def job_details(job: job_pb2.Job, times: Times) -> Sequence[tuple[str, Cell]]:
    """Returns names and values of everything that is known of a job; what it does not have is left out."""
    facts = [
        ("id", plain(job.id)),
        ("queue", plain(job.queue)),
        ("kind", plain(job.kind)),
        ("owner", plain(job.owner)),
        ("lane", plain(job.lane)),
        ("priority", str(job.priority)),
        ("unique key", plain(job.unique_key)),
        ("attempt", f"{job.attempt} of {job.max_attempts}"),
        ("size", size(job.size)),
        ("progress", progress(job)),
        *_moments(job, times),
        ("result", plain(job.result)),
    ]
    errors = [(f"error {number}", Cell(_error(error, times), "red")) for number, error in enumerate(job.errors, 1)]
    return [("state", _state(job)), *((name, Cell(text)) for name, text in facts if text), *errors]


def job_line(job: job_pb2.Job) -> Text:
    """Returns what is told of a job that is watched: its state, its attempt, how far it has come, why it failed."""
    error = job.errors[-1] if job.errors and job.state != job_pb2.JOB_STATE_COMPLETED else None
    state = _state(job)
    line = Text.assemble((state.text, state.style), f"  attempt {job.attempt} of {job.max_attempts}")
    if done := progress(job):
        line.append(f"  {done}")
    if error is not None:
        line.append(f"  {plain(error.reason)}: {plain(error.message)}", "red")
    return line


def progress(job: job_pb2.Job) -> str:
    """Returns how far a job has come; empty where it has not said anything."""
    return progress_text(job.progress) if job.HasField("progress") else ""


def progress_text(reported: job_pb2.Progress) -> str:
    """Returns "30% (3 of 10) half way", or what of it is known."""
    if reported.total:
        counted = f"{100 * reported.done // reported.total}% ({reported.done} of {reported.total})"
    else:
        counted = str(reported.done) if reported.done else ""
    return f"{counted} {plain(reported.message)}".strip()


def _state(job: job_pb2.Job) -> Cell:
    text = job_state(job.state) + (" (its lane is full)" if job.waits_for_lane else "")
    return Cell(text, _STYLES.get(job.state, ""))


def _moments(job: job_pb2.Job, times: Times) -> list[tuple[str, str]]:
    moments = {"created": job.created_at, "started": job.started_at, "finished": job.finished_at}
    moments["expires"] = job.expires_at
    if job.state == job_pb2.JOB_STATE_SCHEDULED:
        moments["due"] = job.run_at
    # One that is absent reads as the beginning of 1970, when no job was.
    return [(name, times.around(moment)) for name, moment in moments.items() if moment.seconds]


def _error(error: job_pb2.JobError, times: Times) -> str:
    who = f" on {plain(error.worker)}" if error.worker else ""
    what = plain(f"{error.reason}: {error.message}")
    return f"attempt {error.attempt}{who}, {times.around(error.occurred_at)}: {what}"
