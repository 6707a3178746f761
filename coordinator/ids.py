"""Ids and lease tokens: made here, since uuidv7() exists from PostgreSQL 18 only."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

from coordinator.errors import InvalidRequest

_lock = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """Returns a UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 below them that only grow, 62 random bits."""
    global _last_tick  # noqa: PLW0603 - one clock a process is what keeps ids in order
    with _lock:
        _last_tick = max(time.time_ns() * 4096 // 1_000_000, _last_tick + 1)
        tick = _last_tick
    return UUID(int=(tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62))


def new_token() -> int:
    """Returns a lease token: 63 random bits, so that it can be neither guessed nor counted."""
    return secrets.randbits(63)


def new_counted_token() -> int:
    """Returns a lease token for a claim from a guarded queue: below zero, which tells whoever ends the attempt."""
    return -1 - new_token()


def is_counted(token: int | None) -> bool:
    """Tells whether an attempt was claimed from a guarded queue: its end makes room for others."""
    return token is not None and token < 0


def parse_id(text: str, field: str) -> UUID:
    """Reads an id from its text form. Raises InvalidRequest, naming the field."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(f"{field} is no id: give it as it was given to you.", field=field) from None


def id_from_bytes(raw: bytes, field: str) -> UUID:
    """Reads an id from its 16 bytes. Raises InvalidRequest, naming the field."""
    if len(raw) != 16:
        raise InvalidRequest(f"{field} has {len(raw)} bytes; an id has 16.", field=field, limit=16, value=len(raw))
    return UUID(bytes=raw)


def ids_from_bytes(raw: bytes, field: str) -> list[UUID]:
    """Reads a column of ids, 16 bytes each. Raises InvalidRequest, naming the field."""
    if len(raw) % 16:
        raise InvalidRequest(f"{field} has {len(raw)} bytes, which is no multiple of 16.", field=field, value=len(raw))
    return [UUID(bytes=raw[start : start + 16]) for start in range(0, len(raw), 16)]
