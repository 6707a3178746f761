"""A coordinator without a database, which does what a test tells it to and remembers what workers say."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from coordinator_client.errors import CoordinatorError, InvalidRequest
from coordinator_client.leases import Lease, from_columns, to_columns
from protos.jobs.v1 import job_pb2, worker_service_pb2
from protos.jobs.v1.worker_service_pb2_grpc import WorkerServiceServicer, add_WorkerServiceServicer_to_server
from tests.waiting import eventually

LEASE_MS = 1_500
PING_MS = 100

_tokens = itertools.count(1)


def duration(milliseconds: int) -> Duration:
    message = Duration()
    message.FromMilliseconds(milliseconds)
    return message


async def refuse(context: Any, error: CoordinatorError) -> None:
    """Ends a call as the coordinator does, with details."""
    status = status_pb2.Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=error.message)
    details = [error_details_pb2.ErrorInfo(reason=error.reason, domain="sluice")]
    if error.retry_after is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration(round(error.retry_after * 1000))))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    trailers = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode.UNAVAILABLE, error.message, trailers)


def new_lease() -> Lease:
    return Lease(uuid.uuid4().bytes, next(_tokens))


def job_batch(
    leases: Iterable[Lease],
    *,
    kind: str = "note",
    payload: bytes = b"",
    size: int = 0,
    deadline_ms: int = 60_000,
    checkpoint: bytes = b"",
) -> job_pb2.JobBatch:
    """A batch of like jobs on their first attempts."""
    listed = list(leases)
    count = len(listed)
    return job_pb2.JobBatch(
        queue="notes",
        leases=to_columns(listed),
        attempts=[1] * count,
        kinds=[kind],
        kind_indexes=[0] * count,
        payloads=[payload] * count,
        sizes=[size or len(payload)] * count,
        deadlines_ms=[deadline_ms] * count,
        checkpoints=[checkpoint] * count if checkpoint else (),
    )


@dataclass
class Stream:
    """One claim stream, from the coordinator's side."""

    hello: worker_service_pb2.Hello
    credits: list[worker_service_pb2.Credit] = field(default_factory=list)
    pings: list[int] = field(default_factory=list)
    outbox: asyncio.Queue[worker_service_pb2.ClaimResponse | None] = field(default_factory=asyncio.Queue)
    # The session's, as the Welcome gave it.
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    # Jobs that were held when the stream began, or sent on it since.
    sent: int = 0
    goodbye: bool = False
    half_closed: bool = False
    closed: bool = False

    @property
    def held(self) -> list[Lease]:
        """The leases that the worker named in its Hello."""
        return from_columns(self.hello.held)

    @property
    def room(self) -> int:
        """How many more jobs the worker takes."""
        return self.credit.jobs_total - self.sent

    @property
    def credit(self) -> worker_service_pb2.Credit:
        return self.credits[-1] if self.credits else worker_service_pb2.Credit()

    def send_jobs(self, leases: Iterable[Lease], **job: object) -> None:
        batch = job_batch(leases, **job)  # type: ignore[arg-type]
        self.sent += len(batch.attempts)
        self.outbox.put_nowait(worker_service_pb2.ClaimResponse(jobs=batch))

    def send_pong(
        self,
        *,
        sequence: int = 0,
        lost: Iterable[Lease] = (),
        cancelled: Iterable[Lease] = (),
        drain: bool = False,
        retire: bool = False,
    ) -> None:
        pong = worker_service_pb2.Pong(
            sequence=sequence, lost=to_columns(lost), cancelled=to_columns(cancelled), drain=drain, retire=retire
        )
        self.outbox.put_nowait(worker_service_pb2.ClaimResponse(pong=pong))

    def end(self) -> None:
        """Ends the stream without a word."""
        self.outbox.put_nowait(None)


class ScriptedCoordinator(WorkerServiceServicer):
    """Serves workers on a free loopback port; answers pings and verbs unless told otherwise."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.answers_pings = True
        # Every call of Complete that was answered, or is to be.
        self.completions: list[list[Lease]] = []
        # Of those whose completion brought one.
        self.results: dict[Lease, str] = {}
        self.failures: list[worker_service_pb2.Failure] = []
        self.releases: list[Lease] = []
        self.snoozes: list[worker_service_pb2.Postponement] = []
        # Every call of ReportProgress.
        self.reports: list[list[worker_service_pb2.ProgressReport]] = []
        # Which of the leases held the next Welcomes call lost.
        self.lost: list[Lease] = []
        # Verbs wait for it: cleared, they hang.
        self.answers_verbs = asyncio.Event()
        self.answers_verbs.set()
        self.refuses = False
        self.ends_after_goodbye = True
        # What the next calls of Claim, and of Complete, are refused with first.
        self.claim_refusals: list[CoordinatorError] = []
        self.completion_refusals: list[CoordinatorError] = []
        # Any completion with one of these is refused as INVALID_REQUEST, and with it all that came in the same call.
        self.unloved_results: set[str] = set()
        self.content: list[bytes] = []
        self.payload_offsets: list[int] = []
        # How many chunks a ReadPayload gives before it breaks; None: all.
        self.breaks_after: int | None = None
        self.address = ""
        self._server = grpc.aio.server()

    def add_methods(self, service: str, handlers: dict[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        """Serves methods of another service as well; to be called before the start."""
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    async def start(self) -> None:
        add_WorkerServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    async def stream(self, number: int = 0) -> Stream:
        """The stream of that number, as soon as it is open and has credit."""

        def open_stream() -> Stream:
            assert len(self.streams) > number
            assert self.streams[number].credits
            return self.streams[number]

        return await eventually(open_stream)

    @property
    def completed(self) -> list[Lease]:
        return [lease for batch in self.completions for lease in batch]

    async def Claim(  # noqa: N802 - the contract's name
        self,
        request_iterator: AsyncIterator[worker_service_pb2.ClaimRequest],
        context: grpc.aio.ServicerContext[object, object],
    ) -> AsyncIterator[worker_service_pb2.ClaimResponse]:
        first = await anext(request_iterator)
        if self.claim_refusals:
            await refuse(context, self.claim_refusals.pop(0))
        stream = Stream(first.hello)
        lost = [lease for lease in stream.held if lease in self.lost]
        stream.sent = len(stream.held) - len(lost)
        self.streams.append(stream)
        listener = asyncio.create_task(self._listen(stream, request_iterator))
        yield worker_service_pb2.ClaimResponse(
            welcome=worker_service_pb2.Welcome(
                session_id=f"session-{len(self.streams)}",
                lease=duration(LEASE_MS),
                ping_interval=duration(PING_MS),
                session_secret=stream.secret,
                lost=to_columns(lost),
            )
        )
        try:
            while (message := await stream.outbox.get()) is not None:
                yield message
        finally:
            stream.closed = True
            listener.cancel()

    async def _listen(self, stream: Stream, requests: AsyncIterator[worker_service_pb2.ClaimRequest]) -> None:
        async for request in requests:
            if request.HasField("credit"):
                stream.credits.append(request.credit)
            elif request.HasField("ping"):
                stream.pings.append(request.ping.sequence)
                if self.answers_pings:
                    stream.send_pong(sequence=request.ping.sequence)
            elif request.HasField("goodbye"):
                stream.goodbye = True
        stream.half_closed = True
        if self.ends_after_goodbye:
            stream.end()

    async def Complete(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.CompleteRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.CompleteResponse:
        if self.completion_refusals:
            await refuse(context, self.completion_refusals.pop(0))
        if self.unloved_results.intersection(request.results):
            await refuse(context, InvalidRequest("a result is not wanted"))
        leases = from_columns(request.leases)
        self.completions.append(leases)
        self.results |= dict(zip(leases, request.results or [""] * len(leases), strict=True))
        await self.answers_verbs.wait()
        return worker_service_pb2.CompleteResponse(refusals=self._refusals(len(leases)))

    async def Fail(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.FailRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.FailResponse:
        self.failures += request.failures
        await self.answers_verbs.wait()
        outcome = worker_service_pb2.FailOutcome(state=job_pb2.JOB_STATE_SCHEDULED)
        return worker_service_pb2.FailResponse(outcomes=[outcome] * len(request.failures))

    async def Release(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ReleaseRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.ReleaseResponse:
        self.releases += from_columns(request.leases)
        await self.answers_verbs.wait()
        return worker_service_pb2.ReleaseResponse()

    async def Snooze(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.SnoozeRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.SnoozeResponse:
        self.snoozes += request.postponements
        return worker_service_pb2.SnoozeResponse()

    async def ReportProgress(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ReportProgressRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.ReportProgressResponse:
        self.reports.append(list(request.reports))
        await self.answers_verbs.wait()
        return worker_service_pb2.ReportProgressResponse(refusals=self._refusals(len(request.reports)))

    async def ReadPayload(  # noqa: N802 - the contract's name
        self,
        request: worker_service_pb2.ReadPayloadRequest,
        context: grpc.aio.ServicerContext[object, object],
    ) -> AsyncIterator[worker_service_pb2.ReadPayloadResponse]:
        self.payload_offsets.append(request.offset)
        given = 0
        start = 0
        for chunk in self.content:
            if start >= request.offset:
                if given == self.breaks_after:
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "the coordinator went away")
                yield worker_service_pb2.ReadPayloadResponse(content=chunk)
                given += 1
            start += len(chunk)

    async def ClaimBatch(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ClaimBatchRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> worker_service_pb2.ClaimBatchResponse:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the script has no such call")

    def _refusals(self, count: int) -> list[worker_service_pb2.Refusal]:
        if not self.refuses:
            return []
        return [worker_service_pb2.Refusal(index=index, reason="LEASE_LOST") for index in range(count)]
