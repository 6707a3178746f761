"""States of jobs as options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from coordinator_client.command_line.documents import state_name
from protos.jobs.v1 import job_pb2

STATES = {state_name(job_pb2.JobState.DESCRIPTOR, number): number for number in job_pb2.JobState.values() if number}
FINISHED = ("completed", "failed", "cancelled")


class _State(click.Choice[str]):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Reads a name as the contract's number."""
        return STATES[super().convert(value, param, ctx)] if isinstance(value, str) else value


def state_option(help_text: str, *names: str) -> Callable[[Any], Any]:
    """Makes the option --state, which may be given several times, for these states, or all."""
    choice = _State(names or tuple(STATES), case_sensitive=False)
    return click.option("--state", "states", type=choice, multiple=True, help=help_text)
