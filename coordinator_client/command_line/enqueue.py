"""`sluice enqueue`: puts a job into a queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.failures import Failure
from coordinator_client.command_line.waiting import read_stdin
from coordinator_client.command_line.written import DURATION
from coordinator_client.new_jobs import new_job, retry_policy

DEFAULT_OWNER = "operator"


def _stdin_only(_: click.Context, __: click.Parameter, source: str | None) -> str | None:
    if source not in {None, "-"}:
        raise click.UsageError("Give the payload with --payload, with --payload-file, or on standard input with -.")
    return source


def add_enqueue(program: click.Group) -> None:
    """Adds the command."""

    @command(
        program,
        "enqueue",
        examples=[
            "sluice enqueue images resize --payload 640",
            "sluice enqueue mail send --payload-file mail.json --delay 5m --unique-key digest",
            "jq -c .mail data.json | sluice enqueue mail send - --key mail-2026-11-25",
        ],
    )
    @click.argument("queue")
    @click.argument("kind")
    @click.argument("source", metavar="[-]", required=False, callback=_stdin_only)
    @click.option("--payload", metavar="TEXT", help="What the worker is given.")
    @click.option(
        "--payload-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A file with it; - (here or bare) is stdin.",
    )
    @click.option("--owner", metavar="TEXT", default=DEFAULT_OWNER, show_default=True, help="Whom the job belongs to.")
    @click.option("--lane", metavar="TEXT", help='By whom jobs take turns; unless given the owner. "" takes no turns.')
    @click.option("--priority", type=int, default=0, show_default=True, help="Lower runs first.")
    @click.option("--weight", type=float, help="Turns of its lane for one of a lane of weight 1.")
    @click.option("--delay", type=DURATION, default="0s", help="Not before so long: 5m.")
    @click.option("--deadline", type=DURATION, help="How long one attempt may take.")
    @click.option("--expire-after", type=DURATION, help="Fails where nobody takes it within so long.")
    @click.option("--max-attempts", type=int, help="Attempts in all.")
    @click.option(
        "--unique-key", metavar="TEXT", default="", help="At most one unfinished job of owner and queue has it."
    )
    @click.option("--key", metavar="TEXT", default="", help="Idempotency key: a repeat with it enqueues nothing more.")
    async def enqueue(session: Session, queue: str, kind: str, owner: str, key: str, **chosen: Any) -> None:
        """Put a job of KIND into QUEUE, and print its id once it is stored."""
        payload = _payload(chosen.pop("source"), chosen.pop("payload"), chosen.pop("payload_file"))
        attempts = chosen.pop("max_attempts")
        policy = None if attempts is None else retry_policy(max_attempts=attempts)
        job = _new_job(queue, kind, payload, retry_policy=policy, **chosen)
        answer = await session.producer.enqueue(
            owner, [job], idempotency_key=key, timeout_seconds=session.timeout_seconds
        )
        (job_id,) = answer.job_ids
        exists, repeated = bool(answer.existing), answer.repeated_request
        if session.output.json:
            session.output.document({"job_id": job_id, "existing": exists, "repeated_request": repeated})
            return
        session.output.line(job_id)
        if exists:
            session.output.note("Its unique key is an unfinished job's already: that one's id is given.")
        elif repeated:
            session.output.note("This key was used before: the first result's id is given.")


def _new_job(queue: str, kind: str, payload: bytes, **fields: Any) -> Any:
    try:
        return new_job(queue, kind, payload, **fields)
    except ValueError as error:
        # A number that the contract's field does not hold.
        raise click.UsageError(f"{error}.") from error


def _payload(source: str | None, text: str | None, path: Path | None) -> bytes:
    """Reads the payload from where it was said to be; empty where nothing was said."""
    if sum(given is not None for given in (source, text, path)) > 1:
        raise click.UsageError("Give the payload once: --payload, --payload-file or -.")
    if text is not None:
        return text.encode(errors="surrogateescape")
    if path is None and source is None:
        return b""
    if path is None or str(path) == "-":
        return read_stdin()
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.") from error
