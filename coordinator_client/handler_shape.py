"""What a handler's signature says: where it wants its context, and what type its payload is to be."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coordinator_client.blocking_job import BlockingJobContext
from coordinator_client.decoding import decoder
from coordinator_client.job_context import JobContext

_CONTEXTS = (JobContext, BlockingJobContext)


@dataclass(frozen=True, slots=True)
class HandlerShape:
    """How to call a handler."""

    function: Callable[..., Any]
    # For each positional argument: what turns the payload into it; None where it is the context.
    arguments: tuple[Callable[[bytes], Any] | None, ...]

    @property
    def is_async(self) -> bool:
        """Whether it is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    def call(self, context: JobContext | BlockingJobContext) -> Any:
        """Calls the handler with a context and its payload. Raises PermanentFailure where the payload does not fit."""
        return self.function(*(context if decode is None else decode(context.payload) for decode in self.arguments))


def shape_of(function: Callable[..., Any]) -> HandlerShape:
    """Reads a handler's signature.

    Raises:
        TypeError: it says what no payload can be, or does not say enough.
    """
    wanted = JobContext if inspect.iscoroutinefunction(function) else BlockingJobContext
    arguments = []
    for name, annotation in _annotations(function).items():
        if annotation in _CONTEXTS and annotation is not wanted:
            raise _unusable(function, f"{name} has to be a {wanted.__name__}, not a {annotation.__name__}")
        arguments.append(None if annotation is wanted else _decoder(function, name, annotation))
    payloads = sum(decode is not None for decode in arguments)
    if payloads > 1:
        raise _unusable(function, f"it has {payloads} parameters for one payload")
    return HandlerShape(function, tuple(arguments))


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of those parameters that have no default."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise _unusable(function, f"its annotations name what is not there: {error}") from error
    parameters = inspect.signature(function).parameters
    wanted = [
        parameter.name
        for parameter in parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    for name, parameter in parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise _unusable(function, f"{name} is to be given by its name, and handlers are called by position")
    for name in wanted:
        if name not in hints:
            raise _unusable(function, f"{name} has no annotation: say of which type the payload is")
    return {name: hints[name] for name in wanted}


def _decoder(function: Callable[..., Any], name: str, annotation: Any) -> Callable[[bytes], Any]:
    try:
        return decoder(annotation)
    except TypeError as error:
        raise _unusable(function, f"{name}: {error}") from error


def _unusable(function: Callable[..., Any], why: str) -> TypeError:
    return TypeError(f"{getattr(function, '__qualname__', function)} cannot be a handler: {why}")
