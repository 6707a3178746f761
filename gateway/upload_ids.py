"""Ids in an address: what cannot be one is not found, and need not be asked for."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Path

from gateway.problems import refusal

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def may_be_id(text: str) -> bool:
    """Tells whether a text has the form of an id of ours."""
    return _UUID.fullmatch(text) is not None


def _upload_id(upload_id: Annotated[str, Path(description="As the upload was given it: opaque.")]) -> str:
    if not may_be_id(upload_id):
        raise refusal("UPLOAD_NOT_FOUND", "You have no upload of this id.")
    return upload_id


UploadId = Annotated[str, Depends(_upload_id)]
