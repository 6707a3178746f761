"""Asks before something is done to many at once."""

from __future__ import annotations

import sys

import click

from coordinator_client.command_line.failures import Failure
from coordinator_client.command_line.waiting import interruptible

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask before doing it to many at once.")


def confirm(question: str, *, yes: bool) -> None:
    """Goes on where the answer is yes, given before by --yes or now on the terminal; ends the command otherwise."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failure(f"{question} Nobody can be asked here: say --yes if that is meant. Nothing was done.")
    with interruptible():
        agreed = click.confirm(question, err=True)
    if not agreed:
        raise Failure("Nothing was done.")
