"""The credit of one session: how many jobs and bytes the coordinator may send in all."""

from __future__ import annotations

from protos.jobs.v1 import worker_service_pb2 as messages


class CreditLedger:
    """Counts what was received and ended, and derives from it what may come."""

    def __init__(self, jobs: int, size: int | None) -> None:
        """Takes how many jobs, and bytes where there is a limit, may be held at a time."""
        self._jobs = jobs
        self._size = size
        self._received_jobs = self._received_size = 0
        self._ended_jobs = self._ended_size = 0
        self._granted_jobs = 0
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether no more jobs are wanted."""
        return self._closed

    def close(self) -> None:
        """Takes all unused credit back."""
        self._closed = True

    def receive(self, size: int) -> bool:
        """Counts a job that came; answers whether it may be run: it was granted, and is still wanted."""
        self._received_jobs += 1
        self._received_size += size
        return not self._closed and self._received_jobs <= self._granted_jobs

    def end(self, size: int) -> None:
        """Counts a job that ended, one way or another."""
        self._ended_jobs += 1
        self._ended_size += size

    def grant(self) -> messages.Credit:
        """The totals to be sent now; what they allow counts as granted."""
        credit = messages.Credit(ended_total=self._ended_jobs)
        credit.jobs_total = self._received_jobs if self._closed else self._ended_jobs + self._jobs
        if self._size is not None:
            credit.bytes_total = self._received_size if self._closed else self._ended_size + self._size
        self._granted_jobs = max(self._granted_jobs, credit.jobs_total)
        return credit
