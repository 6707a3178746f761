"""`sluice jobs cancel` and `redrive`: acts on a few jobs by their ids, or on all that fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import click
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.confirming import confirm, yes_option
from coordinator_client.command_line.failures import nothing_found
from coordinator_client.command_line.waiting import read_stdin
from coordinator_client.command_line.written import COUNT, MOMENT
from coordinator_client.errors import CoordinatorError
from protos.jobs.v1 import admin_service_pb2 as messages

MOST_IN_A_CALL = 1_000


class Acted(Protocol):
    """What both rpcs answer."""

    @property
    def job_ids(self) -> Iterable[str]:
        """The jobs that it was done to."""

    @property
    def more(self) -> bool:
        """Whether there may be more that fit."""


Act = Callable[[int], Awaitable[Acted]]


def add_job_acts(jobs: click.Group) -> None:
    """Adds the two commands."""
    _add_cancel(jobs)
    _add_redrive(jobs)


_ids = click.argument("job_ids", metavar="[ID]... | -", nargs=-1)
_queue = click.option("--queue", metavar="NAME", default="", help="Those of this queue, instead of ids.")
_kind = click.option("--kind", metavar="NAME", default="", help="With --queue: only of this kind.")
_owner = click.option("--owner", metavar="TEXT", default="", help="With --queue: only of this owner.")
_limit = click.option("--limit", type=COUNT, default="0", help="With --queue: at most so many.")


def _add_cancel(jobs: click.Group) -> None:
    @command(
        jobs,
        "cancel",
        examples=[
            "sluice jobs cancel ID",
            "sluice jobs cancel --queue images --kind resize --yes",
            "sluice jobs list --owner me --json | jq -r .id | sluice jobs cancel - --yes",
        ],
    )
    @_ids
    @_queue
    @_kind
    @_owner
    @click.option("--lane", metavar="TEXT", default="", help="With --queue: only of this lane.")
    @_limit
    @yes_option
    async def cancel_jobs(session: Session, job_ids: Sequence[str], limit: int, yes: bool, **fields: str) -> None:
        """End unfinished jobs as cancelled, whatever their state; a worker that has one is told.

        Names jobs by ids ("-" reads them from stdin, one a line), or by --queue and what else must fit.
        """
        ids = _named(job_ids, fields)
        if ids:
            _ask("Cancel", ids, yes=yes)
            rounds = _by_ids(ids, lambda some: session.operator.cancel_jobs(job_ids=some))
        else:
            confirm(f"Cancel {_limited(limit)} unfinished job{_s(limit)} {_told(fields)}?", yes=yes)
            wanted = messages.OpenJobFilter(**fields)
            rounds = _by_filter(limit, lambda most: session.operator.cancel_jobs(filter=wanted, limit=most))
        await _carry_out(session, "cancelled", rounds, ids, "unknown, or ended before")


def _add_redrive(jobs: click.Group) -> None:
    @command(
        jobs,
        "redrive",
        examples=[
            "sluice jobs redrive ID",
            "sluice jobs redrive --queue images --reason WORKER_LOST --failed-since 2h",
        ],
    )
    @_ids
    @_queue
    @_kind
    @_owner
    @click.option("--reason", metavar="REASON", default="", help="With --queue: only whose last error has this reason.")
    @click.option("--failed-since", type=MOMENT, help="With --queue: only failed since then: 2h, 2026-11-25T10:00Z.")
    @click.option("--failed-before", type=MOMENT, help="With --queue: only failed before then.")
    @_limit
    @yes_option
    async def redrive_jobs(
        session: Session,
        job_ids: Sequence[str],
        failed_since: datetime | None,
        failed_before: datetime | None,
        limit: int,
        yes: bool,
        **fields: str,
    ) -> None:
        """Put failed jobs back into their queues with a fresh set of attempts; ids and errors stay.

        Names jobs by ids ("-" reads them from stdin, one a line), or by --queue and what else must fit.
        """
        moments = {"failed since": failed_since, "failed before": failed_before}
        told = {**fields, **{name: moment.isoformat() if moment else "" for name, moment in moments.items()}}
        ids = _named(job_ids, told)
        if ids:
            _ask("Redrive", ids, yes=yes)
            rounds = _by_ids(ids, lambda some: session.operator.redrive_jobs(job_ids=some))
        else:
            confirm(f"Redrive {_limited(limit)} failed job{_s(limit)} {_told(told)}?", yes=yes)
            wanted = messages.FailedJobFilter(
                **fields, failed_from=_timestamp(failed_since), failed_until=_timestamp(failed_before)
            )
            rounds = _by_filter(limit, lambda most: session.operator.redrive_jobs(filter=wanted, limit=most))
        why_not = "unknown, not failed, without content, or in the way of a namesake"
        await _carry_out(session, "redriven", rounds, ids, why_not)


def _named(job_ids: Sequence[str], fields: dict[str, str]) -> list[str]:
    """Returns the ids that were given, each once; none where a filter was given. Ends the command where both were."""
    given = any(fields.values())
    if bool(job_ids) == given:
        raise click.UsageError("Name jobs by their ids, or by --queue and what else must fit: one of the two.")
    if given and not fields["queue"]:
        raise click.UsageError("Say which queue as well: --queue NAME.")
    ids = [line for job_id in job_ids for line in (_from_stdin() if job_id == "-" else [job_id])]
    if job_ids and not ids:
        nothing_found("No id came from stdin.")
    return list(dict.fromkeys(ids))


def _from_stdin() -> list[str]:
    return read_stdin().decode(errors="replace").split()


def _ask(verb: str, ids: Sequence[str], *, yes: bool) -> None:
    if len(ids) > 1:
        confirm(f"{verb} {len(ids)} jobs?", yes=yes)


async def _by_ids(
    ids: Sequence[str], act: Callable[[Sequence[str]], Awaitable[Acted]]
) -> AsyncGenerator[list[str], None]:
    """Yields what each round did."""
    for start in range(0, len(ids), MOST_IN_A_CALL):
        yield list((await act(ids[start : start + MOST_IN_A_CALL])).job_ids)


async def _by_filter(limit: int, act: Act) -> AsyncGenerator[list[str], None]:
    """Yields what each round did, until nothing more fits, or `limit` jobs are done, or a round did nothing."""
    done = 0
    while True:
        acted = await act(min(limit - done, MOST_IN_A_CALL) if limit else MOST_IN_A_CALL)
        ids = list(acted.job_ids)
        yield ids
        done += len(ids)
        # What fits and cannot be done now comes again with each call.
        if not acted.more or not ids or done == limit:
            return


async def _carry_out(
    session: Session, verb: str, rounds: AsyncGenerator[list[str], None], asked: Sequence[str], why_not: str
) -> None:
    """Does round after round, and tells what was done; that of the rounds before too where one fails."""
    done: list[str] = []
    try:
        async for ids in rounds:
            done += ids
    except (CoordinatorError, asyncio.CancelledError):
        _tell(session, verb, done)
        raise
    if not done:
        nothing_found(f"No job was {verb}: {why_not if asked else 'none fits'}.")
    _tell(session, verb, done)
    changed = set(done)
    if left := [job_id for job_id in asked if job_id not in changed]:
        session.output.note(
            f"{len(left)} of {len(asked)} {'was' if len(left) == 1 else 'were'} not ({why_not}), "
            f"the first of them {left[0]}."
        )


def _tell(session: Session, verb: str, done: Sequence[str]) -> None:
    for job_id in done if session.output.json else ():
        session.output.document({"job_id": job_id, verb: True})
    if done and not session.output.json:
        session.output.line(f"{len(done)} job{_s(len(done))} {verb}.")


def _told(fields: dict[str, str]) -> str:
    return "of " + ", ".join(f"{name} {value}" for name, value in fields.items() if value)


def _limited(limit: int) -> str:
    return f"at most {limit}" if limit else "every"


def _s(count: int) -> str:
    return "s" if count > 1 else ""


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message
