"""Checks that every message needs: each raises InvalidRequest naming the field, the limit and the value."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from coordinator.errors import InvalidRequest
from coordinator.ids import parse_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def check_name(value: str, field: str) -> str:
    """Returns a name of a queue or a kind."""
    if not _NAME.fullmatch(value):
        raise InvalidRequest(
            f"{field} must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -",
            field=field,
            limit=128,
            value=value[:200],
        )
    return value


def check_reason(value: str, field: str) -> str:
    """Returns a reason, in upper snake case."""
    if not _REASON.fullmatch(value):
        raise InvalidRequest(
            f"{field} must be upper snake case, at most 64 characters.",
            field=field,
            limit=64,
            value=value[:200],
        )
    return value


def check_text(value: str, field: str, *, longest: int, shortest: int = 1) -> str:
    """Returns a text of so many characters, without NUL, which PostgreSQL cannot store."""
    if not shortest <= len(value) <= longest:
        raise InvalidRequest(
            f"{field} has {len(value)} characters; {shortest} to {longest} are taken.",
            field=field,
            limit=longest,
            value=len(value),
        )
    if "\0" in value:
        raise InvalidRequest(f"{field} holds a NUL character.", field=field)
    return value


def check_range(value: float, field: str, lowest: float, highest: float) -> None:
    """Checks a number against its bounds, both included."""
    if not lowest <= value <= highest:  # NaN is not
        raise InvalidRequest(
            f"{field} is {value}; {lowest} to {highest} are taken.", field=field, limit=highest, value=value
        )


def check_count(value: int, field: str, highest: int, lowest: int = 1) -> None:
    """Checks how many entries a list has."""
    if not lowest <= value <= highest:
        raise InvalidRequest(
            f"{field} has {value} entries; {lowest} to {highest} are taken.",
            field=field,
            limit=highest,
            value=value,
        )


def check_user(owner: str) -> UUID:
    """Returns the person that an owner names: uploads and plays belong to people alone."""
    return parse_id(owner, "owner")


def duration_ms(duration: Duration) -> int:
    """Returns a duration in whole milliseconds, rounded to the nearest."""
    return duration.seconds * 1000 + round(duration.nanos / 1_000_000)


def duration(seconds: float) -> Duration:
    """Returns seconds as a message."""
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def timestamp(moment: datetime) -> Timestamp:
    """Returns an aware datetime as a message. Thousands go into an answer: FromDatetime would be slow."""
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)
