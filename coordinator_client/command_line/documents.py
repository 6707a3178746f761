"""Messages of the contract as JSON: numbers as numbers, moments and states as people write them."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

# Fields that hold a JSON text themselves.
_JSON_TEXTS = {"jobs.v1.Job.result", "jobs.v1.AuditEntry.details"}


def document(message: Message) -> dict[str, Any]:
    """Returns a message with the contract's own field names; what is absent is null, and every other field is there."""
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def state_name(kind: EnumDescriptor, number: int) -> str:
    """Returns "pending" for JOB_STATE_PENDING, and "active" for WORKER_STATE_ACTIVE."""
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    known = kind.values_by_number.get(number)
    return str(number) if known is None else known.name.removeprefix(prefix).lower()


def as_line(values: dict[str, Any]) -> str:
    """Returns a document on one line, in ASCII, so that it means the same in every terminal and pipe."""
    return json.dumps(values)


def _value(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return [_single(field, one) for one in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _single(field, value)


def _single(field: Any, value: Any) -> Any:
    if isinstance(value, Timestamp):
        return value.ToDatetime(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Message):
        return document(value)
    if field.enum_type is not None:
        return state_name(field.enum_type, value)
    return _read_json(value) if field.full_name in _JSON_TEXTS else value


def _read_json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
