"""Pages of lists: how long one may be, and where the next goes on."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from coordinator.errors import InvalidRequest
from coordinator.wire.checks import check_range

MOST = 200
DEFAULT = 50


def page_size(asked_for: int) -> int:
    """Returns how many a page may hold; 0 stands for the default."""
    size = asked_for or DEFAULT
    check_range(size, "page_size", 1, MOST)
    return size


def id_token(job_id: UUID | None) -> str:
    """Returns the token of the page below an id, opaque to callers; empty where there is none."""
    return "" if job_id is None else base64.urlsafe_b64encode(job_id.bytes).decode()


def read_id(token: str, first: UUID) -> UUID:
    """Returns below which id a page begins; `first` without a token. Raises InvalidRequest for one that is not ours."""
    return UUID(bytes=_read(token, 16)) if token else first


def number_token(number: int | None) -> str:
    """Returns the token of the page below a number."""
    return "" if number is None else base64.urlsafe_b64encode(number.to_bytes(8, "big")).decode()


def read_number(token: str, first: int) -> int:
    """Returns below which number a page begins; `first` without a token. Raises InvalidRequest for none of ours."""
    return min(int.from_bytes(_read(token, 8), "big"), first) if token else first


def _read(token: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size:
        raise InvalidRequest("page_token is none of ours: give it as it was given to you.", field="page_token")
    return raw
