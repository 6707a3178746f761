"""Payloads into values of the type that a handler wants; what does not fit is a failure that names the field.

Standard library and protobuf alone. No failure's text holds anything of the payload: types and names of fields only.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from google.protobuf.message import DecodeError, Message

from coordinator_client.outcomes import PermanentFailure

REASON = "PAYLOAD_INVALID"

# Takes a value out of JSON and where it stands, and gives what the handler wants.
_Reader: TypeAlias = Callable[[Any, str], Any]

_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}
# What stands in JSON as a text.
_FROM_TEXT: dict[Any, tuple[Callable[[str], Any], str]] = {
    datetime: (datetime.fromisoformat, "a time as in ISO 8601"),
    date: (date.fromisoformat, "a day as in ISO 8601"),
    UUID: (UUID, "a UUID"),
}


# What stands for a value that is not there.
_MISSING = object()


class _Mismatch(Exception):
    """A value is of another type than is wanted; `place` is where, empty for the payload as a whole."""

    def __init__(self, place: str, wanted: str, found: object) -> None:
        super().__init__(place)
        self.place = place
        self.wanted = wanted
        self.found = "nothing" if found is _MISSING else _NAMES[type(found)]


def decoder(wanted: Any) -> Callable[[bytes], Any]:
    """Makes what turns payloads into values of a type.

    bytes are the payload itself, a protobuf message is parsed; all else is JSON: dataclasses, TypedDicts, enums, lists,
    dicts, optional and alternative types, and Any for whatever JSON holds. Of objects what has no field is passed over.

    The decoder raises PermanentFailure with reason PAYLOAD_INVALID.

    Raises:
        TypeError: no payload can be of this type.
    """
    if wanted is bytes:
        return bytes
    if isinstance(wanted, type) and issubclass(wanted, Message):
        return partial(_parse_message, wanted)
    try:
        return partial(_parse_json, _reader(wanted))
    except RecursionError:
        raise TypeError(f"{wanted!r} holds itself: take that part of it as Any") from None


def _parse_message(wanted: type[Message], payload: bytes) -> Message:
    try:
        return wanted.FromString(payload)
    except DecodeError:
        raise PermanentFailure(REASON, f"The payload is no {wanted.DESCRIPTOR.full_name}.") from None


def _parse_json(reader: _Reader, payload: bytes) -> Any:
    try:
        value = json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise PermanentFailure(REASON, "The payload is no JSON text.") from None
    try:
        return reader(value, "")
    except _Mismatch as mismatch:
        place = mismatch.place or "The payload"
        raise PermanentFailure(REASON, f"{place}: {mismatch.wanted} is needed, not {mismatch.found}.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _reader(wanted: Any) -> _Reader:
    """Makes the reader of one type. Raises TypeError where there is none."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired):
        return _reader(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return partial(_read_alternatives, [_reader(argument) for argument in arguments])
    if origin is typing.Literal:
        return partial(_read_one_of, {(type(value), value): value for value in arguments})
    container = _container_reader(origin or wanted, arguments)
    return container or _plain_reader(wanted)


def _container_reader(origin: Any, arguments: tuple[Any, ...]) -> _Reader | None:
    if origin in (list, Sequence):
        return partial(_read_list, _reader(arguments[0] if arguments else Any), list)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return partial(_read_list, _reader(arguments[0]), tuple)
    if origin in (dict, Mapping) and arguments[:1] in ((), (str,)):
        return partial(_read_dict, _reader(arguments[1] if arguments else Any))
    return None


def _plain_reader(wanted: Any) -> _Reader:
    if wanted in (Any, object):
        return lambda value, _: value
    if wanted is float:
        return _read_number
    if wanted is None or wanted in _NAMES:
        return partial(_read_exactly, wanted or type(None))
    if wanted in _FROM_TEXT:
        return partial(_read_text, *_FROM_TEXT[wanted])
    if isinstance(wanted, enum.EnumMeta):
        members: list[enum.Enum] = list(wanted)
        return partial(_read_one_of, {(type(member.value), member.value): member for member in members})
    return _object_reader(wanted)


def _object_reader(wanted: Any) -> _Reader:
    if not isinstance(wanted, type):
        raise TypeError(f"a payload cannot be decoded into {wanted!r}")
    hints = typing.get_type_hints(wanted, include_extras=True)
    if dataclasses.is_dataclass(wanted):
        make: Callable[..., Any] = wanted
        fields = [field for field in dataclasses.fields(wanted) if field.init]
        needed = {
            field.name
            for field in fields
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        return partial(_read_object, make, {field.name: _reader(hints[field.name]) for field in fields}, needed)
    if typing.is_typeddict(wanted):
        readers = {name: _reader(hint) for name, hint in hints.items()}
        return partial(_read_object, dict, readers, _needed_keys(wanted, hints))
    raise TypeError(f"a payload cannot be decoded into {wanted!r}")


def _needed_keys(wanted: Any, hints: Mapping[str, Any]) -> set[str]:
    """The keys that a TypedDict needs; it does not know by itself where its annotations are texts."""
    said = {name: typing.get_origin(hint) for name, hint in hints.items()}
    needed = {name for name, origin in said.items() if origin is typing.Required}
    return needed | {name for name in wanted.__required_keys__ if said[name] is not typing.NotRequired}


def _read_exactly(wanted: type, value: Any, place: str) -> Any:
    # Of one type and no other: true is no number here, though Python has it for one.
    if type(value) is not wanted:
        raise _Mismatch(place, _NAMES[wanted], value)
    return value


def _read_number(value: Any, place: str) -> float:
    if type(value) not in (int, float):
        raise _Mismatch(place, _NAMES[float], value)
    try:
        return float(value)
    except OverflowError:
        raise _Mismatch(place, "a number of at most 1.8e308", value) from None


def _read_text(parse: Callable[[str], Any], name: str, value: Any, place: str) -> Any:
    try:
        return parse(_read_exactly(str, value, place))
    except ValueError:
        raise _Mismatch(place, name, value) from None


def _read_one_of(values: Mapping[tuple[type, object], Any], value: Any, place: str) -> Any:
    if isinstance(value, dict | list) or (type(value), value) not in values:
        raise _Mismatch(place, "one of " + ", ".join(repr(known) for _, known in values), value)
    return values[type(value), value]


def _read_list(item: _Reader, make: Callable[[list[Any]], Any], value: Any, place: str) -> Any:
    _read_exactly(list, value, place)
    return make([item(each, f"{place}[{number}]") for number, each in enumerate(value)])


def _read_dict(item: _Reader, value: Any, place: str) -> dict[str, Any]:
    # The keys are the payload's own, and stay out of what people are told.
    _read_exactly(dict, value, place)
    return {key: item(each, f"{place}[…]") for key, each in value.items()}


def _read_object(
    make: Callable[..., Any], readers: Mapping[str, _Reader], needed: set[str], value: Any, place: str
) -> Any:
    _read_exactly(dict, value, place)
    prefix = f"{place}." if place else ""
    for name in readers:
        if name in needed and name not in value:
            raise _Mismatch(f"{prefix}{name}", "a value", _MISSING)
    fields = {name: read(value[name], f"{prefix}{name}") for name, read in readers.items() if name in value}
    try:
        return make(**fields)
    except ValueError:
        # What a dataclass refuses in its __post_init__.
        raise _Mismatch(place, f"what {getattr(make, '__name__', 'it')} takes", value) from None


def _read_alternatives(readers: Sequence[_Reader], value: Any, place: str) -> Any:
    mismatches = []
    for read in readers:
        try:
            return read(value, place)
        except _Mismatch as mismatch:
            mismatches.append(mismatch)
    # Whoever came furthest into the value knows best what is wrong with it.
    furthest = max(mismatches, key=lambda mismatch: len(mismatch.place))
    if furthest.place != place:
        raise furthest
    raise _Mismatch(place, " or ".join(mismatch.wanted for mismatch in mismatches), value)
