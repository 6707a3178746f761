"""Values into payloads: the way back of `decoding`."""

from __future__ import annotations

import dataclasses
import enum
import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message


def payload_of(value: Any) -> bytes:
    """Makes a payload: bytes are one, a protobuf message is serialized, all else becomes JSON.

    Raises:
        TypeError, ValueError: there is something in it that JSON cannot hold.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, Message):
        return value.SerializeToString()
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def plain(value: Any) -> Any:
    """Turns dataclasses, enums, times and UUIDs into what JSON holds; leaves alone what it does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    match value:
        case enum.Enum():
            return plain(value.value)
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    return _text(value)


def _text(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
    return value
