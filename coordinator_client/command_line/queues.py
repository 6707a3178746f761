"""`sluice queues`: how they stand, pausing them, and their limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator_client.command_line.command import Session, command, epilog
from coordinator_client.command_line.confirming import confirm, yes_option
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.limits import add_limits
from coordinator_client.command_line.queue_views import COLUMNS, LANE_COLUMNS, existing, lane_rows, queue_row
from protos.jobs.v1 import admin_service_pb2 as messages


def add_queues(program: click.Group) -> None:
    """Adds the group and its commands."""
    add_limits(queues)
    program.add_command(queues)


@click.group(epilog=epilog(["sluice queues list", "sluice queues pause images", "sluice queues limits images"]))
def queues() -> None:
    """Queues: how they stand, pause, resume, limits."""


@command(queues, "list", examples=["sluice queues list", "sluice queues list images", "sluice queues list --json"])
@click.argument("queue", required=False, default="")
async def list_queues(session: Session, queue: str) -> None:
    """Show how every queue stands, or one and its deepest lanes. Rates are a second's, over the last minute."""
    stats = await session.operator.get_queue_stats(queue)
    if not stats.queues:
        nothing_found(f"There is no queue {queue}." if queue else "There is no queue yet.")
    output = session.output
    if output.json:
        for one in stats.queues:
            output.document(queue_document(one, stats.counted_at))
        return
    times = output.times()
    output.table(COLUMNS, [queue_row(one, times) for one in stats.queues])
    if queue and stats.queues[0].lanes:
        output.line("")
        output.table(LANE_COLUMNS, lane_rows(stats.queues[0]))


def queue_document(stats: messages.QueueStats, counted_at: Timestamp) -> dict[str, Any]:
    """Returns how a queue stands, with the moment from which its counts are."""
    holder = messages.GetQueueStatsResponse(counted_at=counted_at)
    return {**document(stats), "counted_at": document(holder)["counted_at"]}


@command(queues, "pause", examples=["sluice queues pause images", "sluice queues pause images mail --yes"])
@click.argument("names", metavar="QUEUE...", nargs=-1, required=True)
@yes_option
async def pause_queues(session: Session, names: Sequence[str], yes: bool) -> None:
    """Have nothing claimed from queues any more; what workers hold goes on."""
    await _switch(session, names, yes=yes, paused=True)


@command(queues, "resume", examples=["sluice queues resume images"])
@click.argument("names", metavar="QUEUE...", nargs=-1, required=True)
@yes_option
async def resume_queues(session: Session, names: Sequence[str], yes: bool) -> None:
    """Have queues claimed from again."""
    await _switch(session, names, yes=yes, paused=False)


async def _switch(session: Session, names: Sequence[str], *, yes: bool, paused: bool) -> None:
    verb = "pause" if paused else "resume"
    for name in names:
        # The coordinator would take a name with a slip in it for a queue to come.
        await existing(session, name)
    if len(names) > 1:
        confirm(f"{verb.capitalize()} {len(names)} queues?", yes=yes)
    switch = session.operator.pause_queue if paused else session.operator.resume_queue
    for name in names:
        changed = await switch(name)
        if session.output.json:
            session.output.document({"queue": name, "paused": paused, "changed": changed})
        else:
            session.output.line(f"{name} {'is' if changed else 'was'} {verb}d{'' if changed else ' before'}.")
