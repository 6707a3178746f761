"""jobs.v1.WorkerService: for workers."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import grpc.aio

from coordinator.announcer import Announcer
from coordinator.batch_claims import BatchClaims
from coordinator.claim_streams import ClaimStreams, Opened
from coordinator.database import Database
from coordinator.errors import ContentExpired, InvalidRequest, LeaseLost, SluiceError
from coordinator.sessions import Delivery, Notice, Session
from coordinator.store import leases, upload_reads
from coordinator.wakeups import upload_topic
from coordinator.wire import jobs as wire
from coordinator.wire import workers
from coordinator.wire.checks import check_range, duration
from protos.jobs.v1 import worker_service_pb2, worker_service_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]


class WorkerService(worker_service_pb2_grpc.WorkerServiceServicer):
    """Claims jobs for workers and ends their attempts."""

    def __init__(
        self,
        database: Database,
        streams: ClaimStreams,
        batches: BatchClaims,
        announcer: Announcer,
        *,
        lease_seconds: float,
        ping_seconds: float,
    ) -> None:
        self._database = database
        self._streams = streams
        self._batches = batches
        self._announcer = announcer
        self._lease_seconds = lease_seconds
        self._ping_seconds = ping_seconds

    async def Claim(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[worker_service_pb2.ClaimRequest], context: Context
    ) -> AsyncGenerator[worker_service_pb2.ClaimResponse, None]:
        """Opens a session and sends jobs within its credit until one side ends the stream."""
        requests = aiter(request_iterator)
        first = await anext(requests, worker_service_pb2.ClaimRequest())
        greeting = workers.greeting(first)
        opened = await self._streams.open(greeting.profile, greeting.secret, greeting.held)
        session = opened.session
        listening = asyncio.create_task(self._listen(session, requests))
        try:
            yield self._welcome(opened)
            while (message := await session.next_message()) is not None:
                for response in _responses(message):
                    yield response
            await self._say_why(listening)
        finally:
            listening.cancel()
            self._streams.close(session)
            with suppress(asyncio.CancelledError, SluiceError):
                await listening

    async def _listen(self, session: Session, requests: AsyncIterator[worker_service_pb2.ClaimRequest]) -> None:
        """Takes in what the worker says until it stops speaking, which ends the session."""
        try:
            async for request in requests:
                session.hear()
                match request.WhichOneof("message"):
                    case "credit":
                        self._take_credit(session, request.credit)
                    case "ping":
                        session.send(Notice(sequence=request.ping.sequence, retire=session.retiring))
                    case "goodbye":
                        session.said_goodbye = True
                        return
                    case _:
                        raise InvalidRequest(
                            "After its Hello a worker sends Credit, Ping and Goodbye alone.", field="message"
                        )
        finally:
            session.end()

    def _take_credit(self, session: Session, credit: worker_service_pb2.Credit) -> None:
        workers.check_credit(credit)
        bytes_total = credit.bytes_total if credit.HasField("bytes_total") else None
        self._streams.grant(session, credit.jobs_total, bytes_total, credit.ended_total)

    async def _say_why(self, listening: asyncio.Task[None]) -> None:
        """Raises why a session is over, where the worker did not end it itself."""
        if listening.done():
            await listening
            return
        self._streams.check_open()
        raise LeaseLost("The session has expired, or was resumed on another stream: this one holds nothing any more.")

    def _welcome(self, opened: Opened) -> worker_service_pb2.ClaimResponse:
        welcome = worker_service_pb2.Welcome(
            session_id=str(opened.session.id),
            lease=duration(self._lease_seconds),
            ping_interval=duration(self._ping_seconds),
            session_secret=opened.secret,
        )
        if opened.lost:
            welcome.lost.CopyFrom(wire.lease_list(opened.lost))
        return worker_service_pb2.ClaimResponse(welcome=welcome)

    async def ClaimBatch(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ClaimBatchRequest, context: Context
    ) -> worker_service_pb2.ClaimBatchResponse:
        """Claims once, waiting for the first job as long as asked for."""
        self._streams.check_open()
        deliveries = await self._batches.claim(workers.batch_request(request))
        batches = [batch for delivery in deliveries for batch in wire.job_batches(delivery.queue, delivery.jobs)]
        return worker_service_pb2.ClaimBatchResponse(batches=batches)

    async def Complete(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.CompleteRequest, context: Context
    ) -> worker_service_pb2.CompleteResponse:
        """Ends attempts as successful."""
        held, results = wire.leases(request.leases), wire.results(request)
        refused = await leases.complete(self._database, held, results, on_freed=self._announcer.freed)
        return worker_service_pb2.CompleteResponse(refusals=wire.refusals(refused))

    async def Fail(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.FailRequest, context: Context
    ) -> worker_service_pb2.FailResponse:
        """Ends attempts as failed."""
        outcomes = await leases.fail(self._database, wire.failures(request), on_freed=self._announcer.freed)
        self._announcer.wake({upload_topic(outcome.upload_id) for outcome in outcomes if outcome.upload_id})
        return worker_service_pb2.FailResponse(outcomes=[wire.fail_outcome(outcome) for outcome in outcomes])

    async def Release(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ReleaseRequest, context: Context
    ) -> worker_service_pb2.ReleaseResponse:
        """Gives jobs back untouched."""
        held = wire.leases(request.leases)
        refused = await leases.release(self._database, held, on_freed=self._announcer.freed)
        return worker_service_pb2.ReleaseResponse(refusals=wire.refusals(refused))

    async def Snooze(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.SnoozeRequest, context: Context
    ) -> worker_service_pb2.SnoozeResponse:
        """Puts jobs off."""
        postponements = workers.postponements(request)
        refused = await leases.snooze(self._database, postponements, on_freed=self._announcer.freed)
        return worker_service_pb2.SnoozeResponse(refusals=wire.refusals(refused))

    async def ReportProgress(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ReportProgressRequest, context: Context
    ) -> worker_service_pb2.ReportProgressResponse:
        """Stores how far attempts have come."""
        refused = await leases.report_progress(self._database, workers.progress_reports(request))
        return worker_service_pb2.ReportProgressResponse(refusals=wire.refusals(refused))

    async def ReadPayload(  # noqa: N802 - the contract's name
        self, request: worker_service_pb2.ReadPayloadRequest, context: Context
    ) -> AsyncGenerator[worker_service_pb2.ReadPayloadResponse, None]:
        """Streams the file that a job is about; no connection is held while the worker takes its time."""
        lease = wire.lease(request.job_id, request.token)
        check_range(request.offset, "offset", 0, 2**53)
        offset = request.offset
        while True:
            chunk = await upload_reads.read_chunk(self._database, lease, offset)
            if offset >= chunk.file_size:
                return
            if chunk.content is None:
                raise ContentExpired("The file's content was removed: upload it again.", job_id=lease.job_id)
            content = await asyncio.to_thread(zlib.decompress, chunk.content)
            fresh = content[offset - chunk.offset :]
            yield worker_service_pb2.ReadPayloadResponse(content=fresh)
            offset += len(fresh)


def _responses(message: Delivery | Notice) -> Iterator[worker_service_pb2.ClaimResponse]:
    if isinstance(message, Notice):
        yield workers.pong(message)
        return
    for batch in wire.job_batches(message.queue, message.jobs):
        yield worker_service_pb2.ClaimResponse(jobs=batch)
