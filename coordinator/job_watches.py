"""Which jobs somebody watches: callers of this coordinator, and callers of others that said so a while ago."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

# For how long the word of another coordinator holds; it is given again in half of that.
INTEREST_SECONDS = 60.0


class JobWatches:
    """Mostly empty: then nothing is looked up for the thousands of jobs that change."""

    def __init__(self) -> None:
        self._here: Counter[UUID] = Counter()
        self._elsewhere: dict[UUID, float] = {}

    @contextmanager
    def watch(self, job_id: UUID) -> Iterator[None]:
        """Counts a caller of this coordinator as one who watches the job."""
        self._here[job_id] += 1
        try:
            yield
        finally:
            self._here[job_id] -= 1
            if not self._here[job_id]:
                del self._here[job_id]

    def note_elsewhere(self, job_ids: Iterable[UUID]) -> None:
        """Notes that somebody watches these jobs at another coordinator; forgets whom nobody has spoken of lately."""
        now = time.monotonic()
        self._elsewhere = {job_id: until for job_id, until in self._elsewhere.items() if until > now}
        self._elsewhere |= dict.fromkeys(job_ids, now + INTEREST_SECONDS)

    def watched(self, job_ids: Iterable[UUID]) -> list[UUID]:
        """Returns those of the jobs that somebody watches."""
        if not self._here and not self._elsewhere:
            return []
        return [job_id for job_id in job_ids if job_id in self._here or job_id in self._elsewhere]
