"""The program: its groups of commands, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from coordinator_client.command_line.audit import add_audit
from coordinator_client.command_line.command import asking_options, epilog
from coordinator_client.command_line.enqueue import add_enqueue
from coordinator_client.command_line.failures import INTERRUPTED, Failure
from coordinator_client.command_line.jobs import add_jobs
from coordinator_client.command_line.queues import add_queues
from coordinator_client.command_line.top import add_top
from coordinator_client.command_line.upkeep import add_upkeep
from coordinator_client.command_line.workers import add_workers

NAME = "sluice"
# The variable by which a shell asks for completions; click's own name for it.
_COMPLETE = "_SLUICE_COMPLETE"


@click.group(
    params=asking_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=epilog(
        [
            "sluice top",
            "sluice queues list",
            "sluice jobs list --state failed --queue images",
            "sluice enqueue images resize --payload 640",
            'eval "$(_SLUICE_COMPLETE=bash_source sluice)"   # completion; zsh_source and fish_source too',
        ]
    ),
)
def program() -> None:
    """Look after the queues of a Sluice coordinator, and put jobs into them.

    Options of every command may stand before its name as well.
    """


for _add in (add_jobs, add_queues, add_workers, add_enqueue, add_audit, add_upkeep, add_top):
    _add(program)


def run(arguments: Sequence[str]) -> int:
    """Does what was typed; returns the exit code."""
    if instruction := os.environ.get(_COMPLETE):
        return shell_complete(program, {}, NAME, _COMPLETE, instruction)
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. What is still buffered goes nowhere, or the interpreter would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _invoke(arguments: Sequence[str]) -> int:
    try:
        with program.make_context(NAME, list(arguments)) as context:
            program.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as failed:
        failed.show()
        return failed.code if isinstance(failed, Failure) else failed.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        return INTERRUPTED
    return 0
