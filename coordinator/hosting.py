"""Several coordinators in one process, begun and ended by lines of standard input: for the tests of other programs.

A line is a JSON object, and so is the answer to it: {"start": {setting: value}} → {"port": number}, where DATABASE_URL
is one of the settings, and {"stop": port} → {"stopped": port}; {"error": why} where that cannot be. All end with the
input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import structlog
import uvloop
from pydantic import ValidationError

from coordinator.errors import SluiceError
from coordinator.server import Coordinator
from coordinator.settings import Settings

log = structlog.get_logger()


def host_until_told() -> None:
    """Serves until standard input ends."""
    uvloop.run(_host())


async def _host() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    running: dict[int, Coordinator] = {}
    async for line in lines:
        sys.stdout.write(json.dumps(await _answer(json.loads(line), running)) + "\n")
        sys.stdout.flush()
    await asyncio.gather(*[coordinator.stop() for coordinator in running.values()])


async def _answer(wish: dict[str, Any], running: dict[int, Coordinator]) -> dict[str, Any]:
    if (port := wish.get("stop")) in running:
        await running.pop(port).stop()
        return {"stopped": port}
    try:
        coordinator = Coordinator(Settings(**wish["start"]))
        await coordinator.start()
    except ValidationError as error:
        return {"error": "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())}
    except (KeyError, OSError, SluiceError) as error:
        log.exception("not_started")
        return {"error": str(error)}
    running[coordinator.port] = coordinator
    return {"port": coordinator.port}
