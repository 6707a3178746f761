"""What a worker is: its name, what it can do, and how much of it at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coordinator_client.job_context import Handler
from protos.jobs.v1 import worker_service_pb2 as messages

# As many leases as a resuming worker may name.
MAX_CONCURRENCY = 10_000


@dataclass(frozen=True, slots=True)
class WorkerProfile:
    """A worker's name, its queues, its handlers by kind, and what it takes at a time."""

    worker: str
    queues: Sequence[str]
    handlers: Mapping[str, Handler]
    concurrency: int
    # Bytes of payloads and files held at a time; a job beyond it comes when it is the only one.
    max_bytes: int | None

    def __post_init__(self) -> None:
        # A text is a sequence of texts: its letters would be queues, in which nothing ever comes.
        if isinstance(self.queues, str):
            raise TypeError(f"queues are a list of names, not one text: [{self.queues!r}]")
        if not (self.worker and self.queues and self.handlers):
            raise ValueError("a worker needs a name, at least one queue and at least one handler")
        if self.concurrency < 1:
            raise ValueError(f"a worker takes at least one job at a time, not {self.concurrency}")
        if self.concurrency > MAX_CONCURRENCY:
            raise ValueError(f"a worker takes at most {MAX_CONCURRENCY:,} jobs at a time, not {self.concurrency:,}")

    def hello(self) -> messages.Hello:
        """The message that opens a session."""
        return messages.Hello(worker=self.worker, queues=self.queues, kinds=self.handlers)
