"""All of a person's plays as a file, streamed: as fast as it is read, and never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, tzinfo
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from coordinator_client.errors import CoordinatorError
from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.headers import BrokenOff
from gateway.listen_files import FILES, CsvFile, FormatName, JsonFile, ListenFile
from gateway.listen_filters import AllFilter, TimeZone, zone_of
from gateway.openapi import problems
from protos.listens.v1.listen_pb2 import ListenFilter
from protos.listens.v1.listen_service_pb2 import ExportListensRequest, ExportListensResponse

_log = structlog.get_logger("gateway.exports")

_FILES_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file. Where it cannot be finished the connection breaks off.",
        "content": {
            CsvFile.media_type.partition(";")[0]: {"schema": {"type": "string"}},
            JsonFile.media_type: {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/ListenView"}}},
        },
    }
}

router = APIRouter(prefix="/api/listens", tags=["listens"])


@router.get("/export", response_class=StreamingResponse, responses=problems(400, 401, 422, 503) | _FILES_DOCUMENTED)
async def export(
    caller: Caller,
    coordinator: Coordinator,
    which: AllFilter,
    file_format: Annotated[FormatName, Query(alias="format")] = "csv",
    tz: TimeZone = "UTC",
) -> StreamingResponse:
    """Sends all plays, oldest first, as a file."""
    zone = zone_of(tz)
    answers = coordinator.listens.export_listens(ExportListensRequest(owner=caller.id, filter=which))
    first = await anext(answers, ExportListensResponse())  # before the answer begins: a refusal is one of its own
    file = FILES[file_format]()
    headers = {
        "Content-Disposition": f'attachment; filename="{_name(which, zone)}.{file_format}"',
        "Cache-Control": "no-store, no-transform",
    }
    return StreamingResponse(_pieces(file, first, answers), media_type=file.media_type, headers=headers)


async def _pieces(
    file: ListenFile, first: ExportListensResponse, answers: AsyncGenerator[ExportListensResponse, None]
) -> AsyncGenerator[bytes, None]:
    """Yields the file. Raises BrokenOff where the coordinator fails: what was sent must not end as if it were whole."""
    try:
        async with aclosing(answers):
            yield file.start + file.write(first.listens)
            async for answer in answers:
                yield file.write(answer.listens)
            yield file.end
    except CoordinatorError as error:
        _log.warning("export cut", reason=error.reason)
        raise BrokenOff(error.reason) from error


def _name(which: ListenFilter, zone: tzinfo) -> str:
    """Returns what the file is called: with the days that were asked for."""
    name = "listening-history"
    for word in ("start_time", "end_time"):
        if which.HasField(word):
            day = getattr(which, word).ToDatetime(UTC).astimezone(zone).date()
            name += f"-{'from' if word == 'start_time' else 'to'}-{day}"
    return name
