"""`sluice workers`: who works, and asking them to end."""

from __future__ import annotations

from collections.abc import Sequence

import click

from coordinator_client.command_line.command import Session, command, epilog
from coordinator_client.command_line.confirming import confirm, yes_option
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.lists import MOST_OF_A_PAGE, limit_option, page_size, show_list
from coordinator_client.command_line.shown import plain
from coordinator_client.command_line.worker_views import COLUMNS, worker_row
from coordinator_client.errors import WorkerNotFound
from protos.jobs.v1 import admin_service_pb2 as messages


def add_workers(program: click.Group) -> None:
    """Adds the group and its commands."""
    program.add_command(workers)


@click.group(epilog=epilog(["sluice workers list", "sluice workers drain w1"]))
def workers() -> None:
    """Workers: who they are and what they do, drain."""


@command(workers, "list", examples=["sluice workers list", "sluice workers list --closed --json"])
@click.option("--closed", is_flag=True, help="Those too that left or were lost within the last hour.")
@limit_option
async def list_workers(session: Session, closed: bool, limit: int) -> None:
    """List workers with what they hold, newest first."""
    found = session.operator.list_workers(include_closed=closed, page_size=page_size(limit))
    await show_list(session, found, limit, COLUMNS, worker_row, nothing="No worker is connected.")


@command(
    workers,
    "drain",
    examples=["sluice workers drain w1", "sluice workers drain 17 18 --yes", "sluice workers drain --all"],
)
@click.argument("names", metavar="[WORKER]...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every worker that is connected.")
@yes_option
async def drain_workers(session: Session, names: Sequence[str], everyone: bool, yes: bool) -> None:
    """Ask workers to finish what they hold, to claim nothing more, and to leave.

    WORKER is a session or a name, as `sluice workers list` shows them; a name means all who have it.
    """
    if bool(names) == everyone:
        raise click.UsageError("Name workers, or say --all: one of the two.")
    chosen = _chosen([worker async for worker in session.operator.list_workers(page_size=MOST_OF_A_PAGE)], names)
    if everyone and not chosen:
        nothing_found("No worker is connected.")
    if everyone or len(chosen) > 1:
        confirm(f"Drain {len(chosen)} worker{'s' if len(chosen) > 1 else ''}?", yes=yes)
    for worker in chosen:
        await _drain(session, worker)


def _chosen(connected: Sequence[messages.Worker], names: Sequence[str]) -> list[messages.Worker]:
    """Returns the workers that are named, all where none is, each once. Ends the command where a name is nobody's."""
    if not names:
        return list(connected)
    found: dict[str, messages.Worker] = {}
    for name in names:
        so_named = [worker for worker in connected if name in {worker.session_id, worker.name}]
        if not so_named:
            nothing_found(f"No worker {plain(name)} is connected: `sluice workers list` shows them.")
        found |= {worker.session_id: worker for worker in so_named}
    return list(found.values())


async def _drain(session: Session, worker: messages.Worker) -> None:
    try:
        changed = await session.operator.drain_worker(worker.session_id)
    except WorkerNotFound:
        session.output.note(f"{plain(worker.name)} ({worker.session_id}) has left meanwhile.")
        return
    if session.output.json:
        session.output.document({"session_id": worker.session_id, "name": worker.name, "changed": changed})
    else:
        how = "is asked to leave" if changed else "was asked before"
        session.output.line(f"{plain(worker.name)} ({worker.session_id}) {how}; it holds {worker.held_count:,}.")
