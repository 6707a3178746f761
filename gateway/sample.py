"""The route of the sample: the export of a person who does not exist, to try the pages with."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from fastapi import APIRouter, Response

from export_formats.samples import sample_export, write_zip
from gateway.auth import Caller
from gateway.openapi import problems

_MEDIA_TYPE = "application/zip"

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "A ZIP as the provider writes it.", "content": {_MEDIA_TYPE: {"schema": {}}}}
}

router = APIRouter(prefix="/api/sample", tags=["page"])


@router.get("", response_class=Response, responses={**problems(401), **_ZIP})
async def sample(_caller: Caller) -> Response:
    """Sends an archive with both exports of an invented person, some 4,000 plays, always the same."""
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": 'attachment; filename="sample_history.zip"',
    }
    return Response(await asyncio.to_thread(_archive), media_type=_MEDIA_TYPE, headers=headers)


@cache
def _archive() -> bytes:
    return write_zip(sample_export())
