"""Messages between coordinators, over a connection of their own. They are hints, and may go astray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from coordinator.database import Database, connect_alone, translated_errors

CHANNEL = "sluice"
# How long a stop waits for the listening connection at most.
LISTEN_SECONDS = 0.5
# A connection that died without a word hears nothing for ever, so it is asked now and then.
PROBE_SECONDS = 5.0


async def notify(database: Database, message: str) -> None:
    """Sends a message of less than 8,000 bytes to every coordinator, this one included."""
    await database.execute("notify", {"message": message})


async def listen(
    url: str, stopping: asyncio.Event, on_connect: Callable[[], None], on_message: Callable[[str], None]
) -> None:
    """Hears messages until `stopping` is set. Raises StoreUnavailable where the connection breaks."""
    with translated_errors():
        async with await connect_alone(url) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            on_connect()
            asked_at = asyncio.get_running_loop().time()
            while not stopping.is_set():
                async for message in connection.notifies(timeout=LISTEN_SECONDS):
                    on_message(message.payload)
                    if stopping.is_set():
                        break
                if (now := asyncio.get_running_loop().time()) - asked_at > PROBE_SECONDS:
                    await connection.execute("SELECT")
                    asked_at = now
