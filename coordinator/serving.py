"""One coordinator as a process: from its settings to its end, which comes in time whatever the database does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import structlog
import uvloop

from coordinator.server import Coordinator
from coordinator.settings import Settings

# Beyond the time that workers are given to move on.
STOP_MARGIN_SECONDS = 0.9

log = structlog.get_logger()


def serve_until_told(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises StoreUnavailable, OSError where it cannot start."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    coordinator = Coordinator(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if not settings.service_tokens.get_secret_value():
        log.warning("open_to_everyone_on_this_machine", host=settings.grpc_host)
    await coordinator.start()
    # Whoever started us on port 0 reads here which one it became.
    sys.stdout.write(f"listening port={coordinator.port}\n")
    sys.stdout.flush()
    await stopping.wait()
    await _stop_in_time(coordinator, settings.drain_seconds + STOP_MARGIN_SECONDS)


async def _stop_in_time(coordinator: Coordinator, seconds: float) -> None:
    """Stops the coordinator, and ends the process where that takes too long.

    The driver may wait for a database that is gone and cannot be told to give up: all state is in that database, so
    nothing is lost by leaving without it.
    """
    done, _ = await asyncio.wait([asyncio.create_task(coordinator.stop())], timeout=seconds)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if done and not others:
        return
    log.warning("stopped_without_ceremony", tasks=len(others))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
