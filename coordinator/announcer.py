"""Spreads the word that jobs are waiting: here in memory, to other coordinators by a NOTIFY now and then.

A hint, never more: it is sent after the commit that it speaks of, many jobs in one message, and may go astray. What it
says is found by a poll and by scans from the start as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import structlog

from coordinator.database import Database
from coordinator.domain import Freed, Place
from coordinator.errors import SluiceError
from coordinator.job_watches import JobWatches
from coordinator.marks import Marks
from coordinator.store.notifications import notify
from coordinator.wakeups import Wakeups, job_topic, pause

# Between two messages; the first of a burst goes at once.
COALESCE_SECONDS = 0.02
# A message of PostgreSQL's holds less than 8,000 bytes.
MESSAGE_BYTES = 7_500

log = structlog.get_logger()


class Announcer:
    """Tells whoever waits, in this coordinator and in the others."""

    def __init__(
        self, database: Database, coordinator: UUID, wakeups: Wakeups, marks: Marks, *, notifies: bool
    ) -> None:
        """Makes it ready; without `notifies` the other coordinators are told nothing."""
        self._database = database
        self._coordinator = str(coordinator)
        self._wakeups = wakeups
        self._marks = marks
        self._notifies = notifies
        self._topics: set[str] = set()
        self._places: dict[tuple[str, str, int], int] = {}
        self._watches = JobWatches()
        # Jobs that callers of this coordinator watch, as the others are still to be told.
        self._interests: set[str] = set()
        self._news = asyncio.Event()

    def listen(self, topics: Iterable[str]) -> AbstractContextManager[asyncio.Event]:
        """Lends an event that is set whenever one of the topics is woken; the holder clears it."""
        return self._wakeups.listen(topics)

    def wake(self, topics: Iterable[str]) -> None:
        """Wakes whoever listens to one of the topics, wherever."""
        topics = set(topics)
        self._wakeups.wake(topics)
        if self._notifies and topics:
            self._topics |= topics
            self._news.set()

    def made_pending(self, places: Iterable[Place]) -> None:
        """Tells that jobs have become pending there: marks are lowered, and whoever waits for their queues wakes up."""
        places = tuple(places)
        self._marks.lower(places)
        if self._notifies:
            for place in places:
                key = (place.queue, place.kind, place.priority)
                self._places[key] = min(place.position, self._places.get(key, place.position))
        self.wake({place.queue for place in places})

    @contextmanager
    def watch_job(self, job_id: UUID) -> Iterator[asyncio.Event]:
        """Lends an event that is set whenever the job has changed; the holder clears it."""
        with self._watches.watch(job_id), self.listen([job_topic(job_id)]) as changed:
            self.renew_watch(job_id)
            yield changed

    def renew_watch(self, job_id: UUID) -> None:
        """Says to the other coordinators that the job is watched here, which they take for true for a minute."""
        if self._notifies:
            self._interests.add(str(job_id))
            self._news.set()

    def changed(self, job_ids: Iterable[UUID]) -> None:
        """Tells whoever watches one of these jobs, wherever; costs nothing where nobody does."""
        self.wake(job_topic(job_id) for job_id in self._watches.watched(job_ids))

    def freed(self, freed: Freed) -> None:
        """Tells that there is room in guarded queues, and which jobs were let in there."""
        self.made_pending(freed.pending)
        self.wake(freed.queues)

    def hear(self, message: str) -> None:
        """Takes what a coordinator announced; what it cannot read is ignored, for the poll is the net."""
        try:
            said = json.loads(message)
            if said["from"] == self._coordinator:
                return
            self._marks.lower(Place(*place) for place in said["places"])
            self._wakeups.wake(said["topics"])
            # Coordinators of an older version say nothing of it.
            self._watches.note_elsewhere(UUID(job_id) for job_id in said.get("watched", ()))
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("announcement_not_understood", bytes=len(message))

    def hear_everything(self) -> None:
        """Has everybody look anew, where announcements may have been missed."""
        self._marks.forget()
        self._wakeups.wake_all()

    async def run(self, stopping: asyncio.Event) -> None:
        """Sends what there is to tell until it is stopped."""
        while not stopping.is_set():
            await self._next_news(stopping)
            try:
                for message in self._take_messages():
                    await notify(self._database, message)
            except SluiceError as error:
                log.warning("announcement_lost", error=error.message)
            await pause(stopping, COALESCE_SECONDS)

    def stop(self) -> None:
        """Wakes everybody, the loop included, so that they see that they are to stop."""
        self._wakeups.wake_all()
        self._news.set()

    async def _next_news(self, stopping: asyncio.Event) -> None:
        await self._news.wait()
        if not stopping.is_set():
            self._news.clear()

    def _take_messages(self) -> list[str]:
        """Takes all there is to tell, in as few messages as hold it."""
        topics, self._topics = self._topics, set()
        places, self._places = self._places, {}
        words: list[tuple[str, object]] = [("topics", topic) for topic in sorted(topics)]
        interests, self._interests = self._interests, set()
        words += [("watched", job_id) for job_id in interests]
        words += [("places", (*key, position)) for key, position in places.items()]
        return [self._message(chunk) for chunk in _chunks(words)]

    def _message(self, words: Iterable[tuple[str, object]]) -> str:
        said: dict[str, object] = {"from": self._coordinator}
        lists: dict[str, list[object]] = {"topics": [], "places": [], "watched": []}
        for name, word in words:
            lists[name].append(word)
        return json.dumps(said | lists, separators=(",", ":"))


def _chunks(words: Iterable[tuple[str, object]]) -> Iterator[list[tuple[str, object]]]:
    """Cuts the words so that each message stays within what PostgreSQL takes."""
    chunk: list[tuple[str, object]] = []
    size = 0
    for word in words:
        length = len(json.dumps(word[1], separators=(",", ":"))) + 1
        if chunk and size + length > MESSAGE_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(word)
        size += length
    if chunk:
        yield chunk
