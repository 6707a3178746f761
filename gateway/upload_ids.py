"""An upload's id in an address: what cannot be one is not found, and need not be asked for."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Path

from gateway.problems import refusal

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _upload_id(upload_id: Annotated[str, Path(description="As the upload was given it: opaque.")]) -> str:
    if not _UUID.fullmatch(upload_id):
        raise refusal("UPLOAD_NOT_FOUND", "You have no upload of this id.")
    return upload_id


UploadId = Annotated[str, Depends(_upload_id)]
