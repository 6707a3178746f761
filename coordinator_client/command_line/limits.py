"""`sluice queues limits`: shows and changes what a queue is held within."""

from __future__ import annotations

from typing import Any

import click

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.queue_views import existing, limits_text
from coordinator_client.command_line.written import COUNT, COUNT_OR_NONE, NONE, RATE_OR_NONE
from protos.jobs.v1 import admin_service_pb2 as messages


def add_limits(queues: click.Group) -> None:
    """Adds the command."""

    @command(
        queues,
        "limits",
        examples=[
            "sluice queues limits images",
            "sluice queues limits images --max-running 8 --max-running-per-lane 2",
            "sluice queues limits mail --rate 600/m --burst 20 --max-depth 10k",
            "sluice queues limits images --max-running none",
        ],
    )
    @click.argument("queue")
    @click.option("--max-depth", type=COUNT_OR_NONE, help="Unfinished jobs that the queue takes: 10k.")
    @click.option("--max-running", type=COUNT_OR_NONE, help="Jobs at once, over all workers.")
    @click.option("--max-running-per-lane", type=COUNT_OR_NONE, help="Jobs at once of each lane.")
    @click.option("--rate", type=RATE_OR_NONE, help="Claims: 10/s, 600/m.")
    @click.option("--burst", type=COUNT, help="Claims at once after a rest, with a rate.")
    @click.option("--clear", is_flag=True, help="Takes away every limit that is not given here.")
    async def queue_limits(session: Session, queue: str, **chosen: Any) -> None:
        """Show a queue's limits, or change those that are given; "none" takes one away.

        Lower ones take nothing back that a worker holds: nothing more is given until it fits.
        """
        stats = await existing(session, queue)
        before = after = stats.limits
        if chosen["clear"] or any(value is not None for value in chosen.values() if value is not False):
            after = changed_limits(before, **chosen)
            before = await session.operator.set_queue_limits(queue, after)
        _tell(session, queue, before, after)


def changed_limits(
    before: messages.QueueLimits,
    *,
    max_depth: Any,
    max_running: Any,
    max_running_per_lane: Any,
    rate: Any,
    burst: int | None,
    clear: bool,
) -> messages.QueueLimits:
    """Returns the limits with those put in that were chosen: None is not given, NONE none."""
    limits = messages.QueueLimits()
    if not clear:
        limits.CopyFrom(before)
    numbers = {"max_depth": max_depth, "max_running": max_running, "max_running_per_lane": max_running_per_lane}
    for name, value in numbers.items():
        if value is NONE:
            limits.ClearField(name)  # type: ignore[arg-type] # one of the three
        elif value is not None:
            setattr(limits, name, value)
    _change_rate(limits, rate, burst)
    return limits


def _change_rate(limits: messages.QueueLimits, rate: Any, burst: int | None) -> None:
    if rate is NONE:
        limits.ClearField("rate")
    elif rate is not None:
        limits.rate.per_second = rate
    if burst is None:
        return
    if not limits.HasField("rate"):
        raise click.UsageError("A burst goes with a rate: --rate 10/s.")
    limits.rate.burst = burst


def _tell(session: Session, queue: str, before: messages.QueueLimits, after: messages.QueueLimits) -> None:
    if session.output.json:
        session.output.document({"queue": queue, "limits": document(after), "previous": document(before)})
        return
    session.output.line(f"{queue}: {limits_text(after) or 'no limits'}")
    if before != after:
        session.output.line(f"before: {limits_text(before) or 'no limits'}")
