"""What every command has: where the coordinator is, who asks, how the answer looks, and examples in its help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from coordinator_client.channel import open_channel
from coordinator_client.command_line.failures import EXIT_CODES, explain
from coordinator_client.command_line.output import Output
from coordinator_client.command_line.written import DURATION
from coordinator_client.errors import CoordinatorError
from coordinator_client.operator import Operator
from coordinator_client.producer import Producer
from coordinator_client.targets import resolver_address

DEFAULT_TARGET = "127.0.0.1:50051"
_META = "coordinator_client.command_line."

# What a command does; it returns an exit code, or None for 0.
Body = Callable[..., Coroutine[Any, Any, int | None]]


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with: the calls that it may make, and where its answer goes."""

    target: str
    operator: Operator
    producer: Producer
    output: Output
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Asking:
    """The options of every command, as they were chosen."""

    target: str
    token: str | None = field(repr=False)
    timeout: timedelta
    json: bool
    utc: bool


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keeps an option's value for the innermost command: these options may stand before its name or behind it."""
    key = _META + str(parameter.name)
    typed = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    if typed or key not in context.meta:
        context.meta[key] = value


def _target(context: click.Context, parameter: click.Parameter, value: str) -> None:
    try:
        resolver_address(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", context, parameter) from error
    _remember(context, parameter, value)


def _token(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    # Never says it: what is printed is kept in terminals and logs.
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise click.BadParameter("a service token has neither blanks nor anything beyond ASCII.", context, parameter)
    _remember(context, parameter, value or None)


def asking_options() -> list[click.Parameter]:
    """Makes the options that every command has."""
    return [
        click.Option(
            ["--target"],
            metavar="HOST:PORT",
            envvar="SLUICE_COORDINATOR_TARGET",
            show_envvar=True,
            default=DEFAULT_TARGET,
            show_default=True,
            expose_value=False,
            callback=_target,
            help="Where the coordinator is: one address, or several numeric ones separated by commas.",
        ),
        click.Option(
            ["--token"],
            metavar="TOKEN",
            envvar="SLUICE_SERVICE_TOKEN",
            show_envvar=True,
            expose_value=False,
            callback=_token,
            help="The service token to show. In the environment nobody else on this machine sees it.",
        ),
        click.Option(
            ["--timeout"],
            type=DURATION,
            default="10s",
            show_default=True,
            expose_value=False,
            callback=_remember,
            help="How long to wait for an answer.",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="JSON for programs: one document, or one a line where there are many.",
        ),
        click.Option(
            ["--utc"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Moments as stamps in UTC, not as ages.",
        ),
    ]


def epilog(examples: Sequence[str]) -> str:
    """Returns what stands below a command's options: examples, and the exit codes."""
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples) + f"\n\n{EXIT_CODES}"


def command(group: click.Group, name: str, *, examples: Sequence[str]) -> Callable[[Body], click.Command]:
    """Makes a coroutine function that takes a Session and its own options a command of a group."""

    def make(body: Body) -> click.Command:
        @click.pass_context
        @wraps(body)
        def run(context: click.Context, /, *_: Any, **chosen: Any) -> None:
            asking = Asking(**{field: context.meta[_META + field] for field in Asking.__dataclass_fields__})
            code = _converse(asking, body, chosen)
            if code:
                context.exit(code)

        made = group.command(name, epilog=epilog(examples))(run)
        made.params += asking_options()
        return made

    return make


def _converse(asking: Asking, body: Body, chosen: dict[str, Any]) -> int | None:
    async def connected() -> int | None:
        async with open_channel(asking.target, token=asking.token) as channel:
            seconds = asking.timeout.total_seconds()
            operator = Operator(channel, timeout_seconds=seconds)
            session = Session(
                asking.target, operator, Producer(channel), Output(json=asking.json, utc=asking.utc), seconds
            )
            return await body(session, **chosen)

    try:
        return asyncio.run(connected())
    except CoordinatorError as error:
        raise explain(error, asking.target) from error
