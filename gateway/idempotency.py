"""The header Idempotency-Key: what a repeat of a POST is known by."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

from gateway.problems import refusal

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def _key(
    idempotency_key: Annotated[
        str | None,
        Header(description="A repeat with the same key gives the first answer. 1 to 200 visible ASCII."),
    ] = None,
) -> str:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        detail = "The header Idempotency-Key has to have 1 to 200 visible ASCII characters."
        raise refusal("INVALID_REQUEST", detail, field="Idempotency-Key", limit=200, value=len(idempotency_key))
    return idempotency_key or ""


# Empty where none came.
IdempotencyKey = Annotated[str, Depends(_key)]
