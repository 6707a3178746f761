"""`python -m coordinator`: serve, migrate, roll back, and what the audit log calls a person."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from coordinator.database import connect_alone, translated_errors
from coordinator.errors import SluiceError
from coordinator.logs import configure_logs
from coordinator.migrations import MigrationError, allow_login, migrate, pending_versions, roll_back
from coordinator.settings import Settings
from coordinator.store.auditing import find_audit_id

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The coordinator: the one process that knows PostgreSQL. Settings come from the environment."""


@main.command()
def serve() -> None:
    """Serve the contract over gRPC until SIGTERM or SIGINT."""
    from coordinator.serving import serve_until_told  # noqa: PLC0415 - migrations need none of it and start faster

    settings = _read_settings()
    configure_logs(level=settings.log_level, json=settings.log_json)
    try:
        serve_until_told(settings)
    except (SluiceError, OSError) as error:
        raise click.ClickException(str(error)) from error


@main.command(hidden=True)
def host() -> None:
    """Serve as many coordinators as standard input asks for: for the tests of other programs."""
    from coordinator.hosting import host_until_told  # noqa: PLC0415 - migrations need none of it and start faster

    configure_logs(level="WARNING", json=False)
    host_until_told()


def _read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        raise click.ClickException(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    """Says every mistake in a line, without the values, which may be secret."""
    mistakes = [
        f"  {'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}" for one in error.errors(include_input=False)
    ]
    return "The settings are not right:\n" + "\n".join(mistakes)


_owner_url = click.option(
    "--database-url",
    envvar=["MIGRATION_DATABASE_URL", "DATABASE_URL"],
    required=True,
    help="The database as its owner. Default: MIGRATION_DATABASE_URL, else DATABASE_URL.",
)


@main.command(name="migrate")
@_owner_url
@click.option("--to", "target", type=int, help="Stop at this version. Default: the newest.")
@click.option("--dry-run", is_flag=True, help="Say what is missing and change nothing.")
@click.option(
    "--coordinator-password",
    envvar="SLUICE_COORDINATOR_PASSWORD",
    help="Let sluice_coordinator log in with this password. Default: SLUICE_COORDINATOR_PASSWORD, else unchanged.",
)
def migrate_command(database_url: str, target: int | None, coordinator_password: str | None, *, dry_run: bool) -> None:
    """Bring the database to the schema. Safe to repeat, and to run from several places at once."""
    if dry_run:
        _say("missing", _run(pending_versions(database_url)))
        return
    _say("applied", _run(migrate(database_url, target=target)))
    if coordinator_password:
        _run(allow_login(database_url, coordinator_password))
        click.echo("sluice_coordinator may log in")


@main.command()
@_owner_url
@click.option("--to", "target", type=int, required=True, help="The version to go back to; 0 takes everything back.")
@click.confirmation_option(prompt="This drops tables and what is in them. Go on?")
def rollback(database_url: str, target: int) -> None:
    """Take migrations back, newest first."""
    _say("taken back", _run(roll_back(database_url, target=target)))


@main.command(name="audit-id")
@click.argument("user_id")
@click.option("--database-url", envvar="DATABASE_URL", required=True, help="The database. Default: DATABASE_URL.")
def audit_id_command(user_id: str, database_url: str) -> None:
    """Print what the audit log calls a person: details ->> 'user' of the lines about them."""
    click.echo(_run(_audit_id(database_url, user_id)))


async def _audit_id(database_url: str, user_id: str) -> str:
    with translated_errors():
        async with await connect_alone(database_url) as connection:
            return await find_audit_id(connection, user_id)


def _run(task: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(task)
    except (MigrationError, SluiceError) as error:
        raise click.ClickException(str(error)) from error


def _say(what: str, versions: Sequence[int]) -> None:
    click.echo(f"{what}: {', '.join(f'{version:04}' for version in versions) or 'nothing'}")


if __name__ == "__main__":
    main()
