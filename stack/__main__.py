"""`python -m stack`: everything on this machine, with nothing installed beside it. `make run` calls it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click
import psycopg

from stack.errors import PortTakenError, StackError
from stack.local_stack import Plan, run_stack
from stack.ports import GRPC_PORT, HTTP_PORT, ReservedPort, reserve_port
from stack.postgres_files import PostgresError
from stack.signals import Stopped, StopSignals, stop_with_the_parent

_PORT = click.IntRange(0, 65535)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--http-port", type=_PORT, help=f"Where the page is. Default: {HTTP_PORT} if free; 0 picks a free one.")
@click.option("--grpc-port", type=_PORT, help=f"The first coordinator's. Default: {GRPC_PORT} if free; 0 picks.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=".sluice",
    show_default=True,
    help="Where data and logs are kept.",
)
@click.option("--database-url", help="Use this database, as its owner, instead of an own PostgreSQL.")
@click.option("--coordinators", type=click.IntRange(1, 16), default=1, show_default=True, help="How many to run.")
@click.option("--workers", type=click.IntRange(0, 64), default=1, show_default=True, help="How many to run.")
@click.option("--no-demo", is_flag=True, help="Do not ingest the sample export.")
def main(
    http_port: int | None,
    grpc_port: int | None,
    data_dir: Path,
    database_url: str | None,
    coordinators: int,
    workers: int,
    *,
    no_demo: bool,
) -> None:
    """Run Sluice on this machine until SIGINT or SIGTERM: a database, coordinators, workers, the gateway.

    When all is ready, standard output has one line:

    sluice ready http=http://127.0.0.1:PORT grpc=127.0.0.1:PORT database=URL
    """
    signals = StopSignals()
    try:
        stop_with_the_parent()
        plan = Plan(
            http_port=_port("--http-port", http_port, HTTP_PORT),
            grpc_ports=[_port("--grpc-port", grpc_port, GRPC_PORT), *(ReservedPort(0) for _ in range(1, coordinators))],
            data_dir=data_dir,
            database_url=database_url,
            workers=workers,
            demo=not no_demo and workers > 0,
        )
        _say(f"Starting Sluice; its logs are in {plan.logs}.")
        run_stack(plan, signals, _say, click.echo)
    except Stopped:
        _say("Sluice has stopped.")
    except (StackError, PostgresError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from error


def _port(option: str, asked: int | None, usual: int) -> ReservedPort:
    try:
        return reserve_port(asked, usual, option.removeprefix("--").removesuffix("-port"), _say)
    except PortTakenError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _say(sentence: str) -> None:
    """Speaks to the person at the terminal, if there is one; standard output is for the ready line and the demo."""
    with contextlib.suppress(OSError):
        click.echo(sentence, err=True)


if __name__ == "__main__":
    main()
