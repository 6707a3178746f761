"""`sluice prune` and `sluice reap`: what the coordinator does by itself, done now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.confirming import confirm, yes_option
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.job_views import job_state
from coordinator_client.command_line.shown import duration
from coordinator_client.command_line.states import FINISHED, state_option
from coordinator_client.command_line.written import COUNT, DURATION
from protos.jobs.v1 import job_pb2

MOST_IN_A_CALL = 10_000


def add_upkeep(program: click.Group) -> None:
    """Adds the two commands."""
    _add_prune(program)
    _add_reap(program)


def _add_prune(program: click.Group) -> None:
    @command(
        program,
        "prune",
        examples=[
            "sluice prune --older-than 7d",
            "sluice prune --older-than 2h --queue images --state completed --yes",
        ],
    )
    @click.option("--older-than", type=DURATION, required=True, help="Only what finished so long ago: 7d; at least 1h.")
    @click.option("--queue", metavar="NAME", default="", help="Only of this queue.")
    @state_option("Only in this state; may be given several times.", *FINISHED)
    @click.option("--limit", type=COUNT, default="0", help="At most so many, oldest first.")
    @yes_option
    async def prune(
        session: Session,
        older_than: timedelta,
        queue: str,
        states: Sequence[job_pb2.JobState.ValueType],
        limit: int,
        yes: bool,
    ) -> None:
        """Remove finished jobs from history.

        Before their days are over, and with failed files their contents.
        """
        confirm(f"Remove {_told(queue, states, limit)} that finished more than {_age(older_than)} ago?", yes=yes)
        before = datetime.now(UTC) - older_than
        gone, more = 0, True
        try:
            while more and (gone < limit or not limit):
                most = min(limit - gone, MOST_IN_A_CALL) if limit else MOST_IN_A_CALL
                pruned = await session.operator.prune_jobs(before, queue=queue, states=states, limit=most)
                gone, more = gone + pruned.jobs, pruned.more and pruned.jobs > 0
        finally:
            # What the rounds before one that fails have removed too.
            _tell(session, gone)
        if not gone:
            nothing_found("No finished job is that old.")


def _add_reap(program: click.Group) -> None:
    @command(program, "reap", examples=["sluice reap"])
    async def reap(session: Session) -> None:
        """Take back what gone workers hold.

        Now, instead of with the coordinator's next round.
        """
        reaped = await session.operator.reap()
        if session.output.json:
            session.output.document(document(reaped))
        else:
            session.output.line(f"{reaped.jobs:,} jobs taken back, {reaped.sessions:,} sessions closed.")


def _tell(session: Session, gone: int) -> None:
    if gone and session.output.json:
        session.output.document({"jobs": gone})
    elif gone:
        session.output.line(f"{gone:,} job{'s' if gone > 1 else ''} removed.")


def _told(queue: str, states: Sequence[job_pb2.JobState.ValueType], limit: int) -> str:
    which = " or ".join(job_state(state) for state in states) or "finished"
    of_queue = f" of queue {queue}" if queue else ""
    return f"at most {limit:,} {which} jobs{of_queue}" if limit else f"every {which} job{of_queue}"


def _age(span: timedelta) -> str:
    return duration(span.total_seconds())
