"""Starts a worker: `python -m ingest_worker`. Everything it needs to know stands in the environment."""

from __future__ import annotations

import asyncio

import click

from ingest_worker.allocator import share_one_arena
from ingest_worker.logs import configure_logs
from ingest_worker.settings import SettingsError, read_settings


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Parses uploaded files until SIGINT or SIGTERM; docs/ lists the environment variables."""
    try:
        settings = read_settings()
    except SettingsError as error:
        raise click.UsageError(f"The environment cannot be used.\n{error}") from None
    share_one_arena()
    configure_logs(level=settings.log_level, json=settings.log_json)
    # Not above: the isolated processes may import this module, as the program's main one, and must not load grpc.
    from ingest_worker.worker import work  # noqa: PLC0415

    asyncio.run(work(settings))


if __name__ == "__main__":
    main()
