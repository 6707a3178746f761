"""The credit of one claim stream: how many jobs and bytes the coordinator may send in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coordinator_client.leases import ClaimedJob, Lease
from protos.jobs.v1 import worker_service_pb2 as messages


@dataclass(slots=True)
class Capacity:
    """How many jobs, and bytes where there is a limit, a worker holds at a time; it may change."""

    jobs: int
    bytes: int | None
    # No more jobs are wanted.
    is_closed: bool = False


class CreditLedger:
    """Counts what came on a stream and what of it has ended, and derives from it what may come.

    What a resuming worker holds counts as sent on its new stream. What a worker has in hand beyond that, handlers that
    are still to end though their leases were lost, takes room all the same.
    """

    def __init__(self, capacity: Capacity, held: Iterable[ClaimedJob] = ()) -> None:
        """Takes what was held when the stream began, as the coordinator knows it."""
        self._capacity = capacity
        sizes = {job.lease: job.size for job in held}
        self._open = set(sizes)
        self._received_jobs = len(sizes)
        self._received_bytes = sum(sizes.values())
        self._ended_jobs = 0
        self._granted_jobs = 0

    def receive(self, job: ClaimedJob) -> bool:
        """Counts a job that came; answers whether it may be run: it was granted, and is still wanted."""
        self._open.add(job.lease)
        self._received_jobs += 1
        self._received_bytes += job.size
        return not self._capacity.is_closed and self._received_jobs <= self._granted_jobs

    def end(self, lease: Lease) -> None:
        """Counts a job that ended, one way or another; not one of a stream before, which this one never knew of."""
        if lease in self._open:
            self._open.remove(lease)
            self._ended_jobs += 1

    def grant(self, jobs_in_hand: int, bytes_in_hand: int) -> messages.Credit:
        """The totals to be sent now; what they allow counts as granted."""
        capacity = self._capacity
        more = 0 if capacity.is_closed else max(0, capacity.jobs - jobs_in_hand)
        credit = messages.Credit(jobs_total=self._received_jobs + more, ended_total=self._ended_jobs)
        if capacity.bytes is not None:
            room = 0 if capacity.is_closed else max(0, capacity.bytes - bytes_in_hand)
            credit.bytes_total = self._received_bytes + room
        self._granted_jobs = max(self._granted_jobs, credit.jobs_total)
        return credit
