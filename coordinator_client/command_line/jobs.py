"""`sluice jobs`: looking at jobs of any owner."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import click
from rich.text import Text

from coordinator_client.command_line.command import Session, command, epilog
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.failures import FAILED
from coordinator_client.command_line.job_acts import add_job_acts
from coordinator_client.command_line.job_views import COLUMNS, job_details, job_line, job_row
from coordinator_client.command_line.lists import limit_option, page_size, show_list
from coordinator_client.command_line.output import pairs
from coordinator_client.command_line.states import state_option
from protos.jobs.v1 import job_pb2


def add_jobs(program: click.Group) -> None:
    """Adds the group and its commands."""
    add_job_acts(jobs)
    program.add_command(jobs)


@click.group(
    epilog=epilog(["sluice jobs list --state failed", "sluice jobs show ID", "sluice jobs redrive --queue images"])
)
def jobs() -> None:
    """Jobs of any owner: list, show, watch, cancel, redrive."""


@command(
    jobs,
    "list",
    examples=[
        "sluice jobs list",
        "sluice jobs list --queue images --state pending --state processing",
        "sluice jobs list --state failed --reason WORKER_LOST --limit 500 --json",
    ],
)
@click.option("--queue", metavar="NAME", default="", help="Only of this queue.")
@click.option("--kind", metavar="NAME", default="", help="Only of this kind.")
@click.option("--owner", metavar="TEXT", default="", help="Only of this owner.")
@state_option("Only in this state; may be given several times.")
@click.option("--reason", metavar="REASON", default="", help="Only those whose last error has this reason.")
@limit_option
async def list_jobs(session: Session, states: Sequence[job_pb2.JobState.ValueType], limit: int, **fields: Any) -> None:
    """List jobs, newest first."""
    found = session.operator.list_jobs(states=states, page_size=page_size(limit), **fields)
    await show_list(session, found, limit, COLUMNS, job_row, nothing="No job fits.")


@command(jobs, "show", examples=["sluice jobs show ID", "sluice jobs show ID --json --utc"])
@click.argument("job_id", metavar="ID")
async def show_job(session: Session, job_id: str) -> None:
    """Show everything about one job, its errors too."""
    job = await session.operator.get_job(job_id)
    if session.output.json:
        session.output.document(document(job))
        return
    for line in pairs(job_details(job, session.output.times()), session.output.width):
        session.output.line(line)


@command(jobs, "watch", examples=["sluice jobs watch ID", "sluice jobs watch ID --json && echo completed"])
@click.argument("job_id", metavar="ID")
async def watch_job(session: Session, job_id: str) -> int:
    """Tell each change of a job until it has ended; exit code 1 where it did not complete."""
    job = await session.operator.get_job(job_id)
    told: object = None
    async with aclosing(session.producer.watch_job(job.owner, job.id)) as changes:
        async for job in changes:
            now = document(job) if session.output.json else job_line(job)
            # A watch that was begun again tells once more what it told before.
            if now != told:
                _tell(session, now)
            told = now
    return 0 if job.state == job_pb2.JOB_STATE_COMPLETED else FAILED


def _tell(session: Session, now: dict[str, Any] | Text) -> None:
    if isinstance(now, Text):
        session.output.line(now)
    else:
        session.output.document(now)
