"""Tells whoever waits for jobs of a queue that there may be some."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

# Somebody ended leases of workers that live: a name that no queue can have.
LEASES_TOPIC = "leases/"
# Somebody set or lifted limits of a queue.
LIMITS_TOPIC = "limits/"


class Wakeups:
    """Events by topic: a queue's name, or an upload's id. A wake-up is a hint, and may come for nothing."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def listen(self, topics: Iterable[str]) -> Iterator[asyncio.Event]:
        """Lends an event that is set whenever one of the topics is woken; the holder clears it."""
        event = asyncio.Event()
        topics = tuple(topics)
        for topic in topics:
            self._waiting.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            for topic in topics:
                self._forget(topic, event)

    def _forget(self, topic: str, event: asyncio.Event) -> None:
        waiting = self._waiting[topic]
        waiting.discard(event)
        if not waiting:
            del self._waiting[topic]

    def wake(self, topics: Iterable[str]) -> None:
        """Sets the events of everyone who listens to one of the topics."""
        for topic in topics:
            for event in self._waiting.get(topic, ()):
                event.set()

    def wake_all(self) -> None:
        """Sets every event, when everyone is to look at the world anew."""
        self.wake(tuple(self._waiting))


def upload_topic(upload_id: UUID) -> str:
    """Names the wake-ups of whoever watches an upload."""
    return f"upload/{upload_id}"


def job_topic(job_id: UUID) -> str:
    """Names the wake-ups of whoever watches a job."""
    return f"job/{job_id}"


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Rests for so long, or until the event is set; leaves it as it is."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


async def wait_for(event: asyncio.Event, timeout_seconds: float) -> None:
    """Waits until the event is set or the time is over, and clears it."""
    await pause(event, timeout_seconds)
    event.clear()
