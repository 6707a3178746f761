"""Starts the gateway: `python -m gateway`. Everything it needs to know stands in the environment."""

from __future__ import annotations

import asyncio

import click
import structlog

from gateway.app import create_app
from gateway.logs import configure_logs
from gateway.server import GatewayServer, address_of, listen
from gateway.settings import Settings, SettingsError, read_settings


@click.command()
def main() -> None:
    """Serves REST and the web page until SIGINT or SIGTERM; docs/ lists the environment variables."""
    try:
        settings = read_settings()
    except SettingsError as error:
        raise click.UsageError(f"The environment cannot be used.\n{error}") from None
    configure_logs(level=settings.log_level, json=settings.log_json)
    for warning in settings.warnings():
        structlog.get_logger("gateway").warning(warning)
    _serve(settings)


def _serve(settings: Settings) -> None:
    try:
        listener = listen(settings)
    except OSError as error:
        place = f"{settings.http_host}:{settings.http_port}"
        raise click.ClickException(f"Cannot listen on {place}: {error.strerror}.") from None
    ready = f"gateway ready http={address_of(listener)}"
    server = GatewayServer(create_app(settings), settings, lambda: click.echo(ready))
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
