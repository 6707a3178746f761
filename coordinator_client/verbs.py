"""The verbs with which a worker ends attempts or speaks of them, gathered and insisted on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import grpc.aio
from google.protobuf.duration_pb2 import Duration

from coordinator_client.gatherer import Gatherer
from coordinator_client.insistence import each_if_refused, insist
from coordinator_client.leases import Lease, to_columns
from coordinator_client.outcomes import AttemptFailure, Completion
from coordinator_client.progress_reports import ProgressReports
from protos.jobs.v1 import job_pb2
from protos.jobs.v1 import worker_service_pb2 as messages
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub

LEASES_LIMIT = 5_000
SNOOZE_LIMIT = 1_000
# Of 1,000 failures with messages of 4 KiB, gRPC's limit on a message would take 900 at most.
FAIL_LIMIT = 500
# Of results, beside which 5,000 leases take 120 KB.
RESULTS_LIMIT_BYTES = 3 * 1024 * 1024
CALL_SECONDS = 10.0


class Verbs:
    """Complete, fail, snooze, release and report progress; each answers whether the lease was still held.

    Each is repeated until the coordinator answers, over whichever channel is the newest: a verb repeated with the token
    that it ended is harmless, and only the end of the session, which closes all this, makes it pointless. What waiting
    cannot mend is logged, and answered as if the lease were lost: nothing more can be said about that attempt.
    """

    def __init__(self) -> None:
        self._stub: WorkerServiceStub | None = None
        self._completions = Gatherer(
            each_if_refused(self._complete),
            LEASES_LIMIT,
            size=lambda item: len(item[1].result.encode()),
            size_limit=RESULTS_LIMIT_BYTES,
        )
        self._failures = Gatherer(each_if_refused(self._fail), FAIL_LIMIT)
        self._snoozes = Gatherer(each_if_refused(self._snooze), SNOOZE_LIMIT)
        self._releases = Gatherer(each_if_refused(self._release), LEASES_LIMIT)
        self._reports = ProgressReports(each_if_refused(self._report))

    def use(self, channel: grpc.aio.Channel) -> None:
        """Goes over this channel from now on; a call that is under way when the one before is closed is made again."""
        self._stub = WorkerServiceStub(channel)

    def complete(self, lease: Lease, completion: Completion) -> asyncio.Future[bool]:
        """Ends an attempt as successful."""
        return self._completions.submit((lease, completion))

    def fail(self, lease: Lease, failure: AttemptFailure) -> asyncio.Future[bool]:
        """Ends an attempt as failed."""
        return self._failures.submit(
            messages.Failure(
                job_id=lease.job_id,
                token=lease.token,
                reason=failure.reason,
                message=failure.message,
                permanent=failure.permanent,
            )
        )

    def snooze(self, lease: Lease, seconds: float) -> asyncio.Future[bool]:
        """Puts a job off."""
        delay = Duration()
        delay.FromMilliseconds(round(seconds * 1000))
        return self._snoozes.submit(messages.Postponement(job_id=lease.job_id, token=lease.token, delay=delay))

    def release(self, lease: Lease) -> asyncio.Future[bool]:
        """Gives a job back untouched."""
        return self._releases.submit(lease)

    async def report_progress(self, lease: Lease, progress: job_pb2.Progress | None, checkpoint: bytes | None) -> bool:
        """Stores how far an attempt has come, or a newer word of it that comes before this one is sent.

        None leaves what is stored; an empty checkpoint takes it away.
        """
        return await self._reports.submit(lease, progress, checkpoint)

    async def close(self) -> None:
        """Gives up what was not answered: its callers are cancelled. May be used again afterwards."""
        for gatherer in (self._completions, self._failures, self._snoozes, self._releases, self._reports):
            await gatherer.close()

    async def _complete(self, completions: Sequence[tuple[Lease, Completion]]) -> list[bool]:
        request = messages.CompleteRequest(leases=to_columns(lease for lease, _ in completions))
        results = [completion.result for _, completion in completions]
        if any(results):
            request.results.extend(results)
        response = await self._insist("Complete", request)
        return _held(response.refusals, len(completions))

    async def _fail(self, failures: Sequence[messages.Failure]) -> list[bool]:
        response = await self._insist("Fail", messages.FailRequest(failures=failures))
        return [not outcome.refusal_reason for outcome in response.outcomes]

    async def _snooze(self, postponements: Sequence[messages.Postponement]) -> list[bool]:
        response = await self._insist("Snooze", messages.SnoozeRequest(postponements=postponements))
        return _held(response.refusals, len(postponements))

    async def _release(self, leases: Sequence[Lease]) -> list[bool]:
        response = await self._insist("Release", messages.ReleaseRequest(leases=to_columns(leases)))
        return _held(response.refusals, len(leases))

    async def _report(self, reports: Sequence[messages.ProgressReport]) -> list[bool]:
        response = await self._insist("ReportProgress", messages.ReportProgressRequest(reports=reports))
        return _held(response.refusals, len(reports))

    async def _insist(self, verb: str, request: Any) -> Any:
        # Looked up for every try: the channel may be another by then.
        return await insist(lambda: getattr(self._stub, verb)(request, timeout=CALL_SECONDS), verb)


def _held(refusals: Iterable[messages.Refusal], count: int) -> list[bool]:
    """Which of so many leases were still held."""
    refused = {refusal.index for refusal in refusals}
    return [index not in refused for index in range(count)]
