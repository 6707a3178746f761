"""Puts the coordinator together, starts it and stops it well."""

from __future__ import annotations

import asyncio
from uuid import UUID

import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from coordinator.access import Access
from coordinator.announcer import Announcer
from coordinator.background import BackgroundTasks
from coordinator.batch_claims import BatchClaims
from coordinator.claim_streams import ClaimStreams, LeaseTimes
from coordinator.commit_gate import CommitGate
from coordinator.counting import Counting
from coordinator.database import Database
from coordinator.dispatcher import Dispatchers
from coordinator.domain import MIB, RetryPolicy
from coordinator.errors import SluiceError
from coordinator.ids import new_id
from coordinator.interceptors import ErrorInterceptor
from coordinator.limit_keeper import LimitKeeper
from coordinator.maintenance import Duties, Maintenance, Retention, repeat
from coordinator.memory import QueueMemory
from coordinator.read_gate import ReadGate
from coordinator.reaper import Reaper
from coordinator.services.admin_service import AdminService
from coordinator.services.file_commits import CommitLimits, FileCommits
from coordinator.services.forgetting import Forgetting
from coordinator.services.job_service import JobService
from coordinator.services.listen_service import ListenService
from coordinator.services.upload_service import UploadPolicy, UploadService
from coordinator.services.worker_service import WorkerService
from coordinator.sessions import SessionRegistry
from coordinator.settings import Settings
from coordinator.settling import Settling
from coordinator.spool import SpoolRoom
from coordinator.store.depths import Depths
from coordinator.store.maintenance import has_tomorrows_partition
from coordinator.tallies import Tally
from coordinator.upload_domain import UploadLimits
from coordinator.wakeups import Wakeups, upload_topic
from coordinator.wire.jobs import JobDefaults
from coordinator.witness import JobWitness
from protos.jobs.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
    worker_service_pb2,
    worker_service_pb2_grpc,
)
from protos.listens.v1 import listen_service_pb2, listen_service_pb2_grpc
from protos.uploads.v1 import upload_service_pb2, upload_service_pb2_grpc

MESSAGE_BYTES = 4 * MIB
READINESS_SECONDS = 1.0
STOP_GRACE_SECONDS = 1.0

SERVICES = tuple(
    file.DESCRIPTOR.services_by_name[name].full_name
    for file, name in (
        (job_service_pb2, "JobService"),
        (admin_service_pb2, "AdminService"),
        (worker_service_pb2, "WorkerService"),
        (upload_service_pb2, "UploadService"),
        (listen_service_pb2, "ListenService"),
    )
)

# Both sides ping a connection that nothing else is said on; see the client's options for their counterpart.
_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
)

log = structlog.get_logger()


class Coordinator:
    """One coordinator: all its state is in PostgreSQL, so any number may run, and one may end at any time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.id: UUID = new_id()
        self.port = 0
        tally = Tally()
        witness = JobWitness(tally)
        self._database = Database(
            settings.database_url.get_secret_value(),
            max_connections=settings.database_connections,
            timeout_seconds=settings.database_timeout_seconds,
            prepare_statements=settings.prepare_statements,
            witness=witness,
        )
        # Apart from the calls', so that nothing that callers ask for keeps a claim or a keep-alive waiting.
        self._engine = Database(
            settings.database_url.get_secret_value(),
            max_connections=settings.engine_connections,
            timeout_seconds=settings.database_timeout_seconds,
            prepare_statements=settings.prepare_statements,
            witness=witness,
        )
        self._access = Access(settings.service_tokens.get_secret_value())
        self._memory = QueueMemory()
        self._clocks = self._memory.clocks
        self._wakeups = Wakeups()
        self._announcer = Announcer(self._engine, self.id, self._wakeups, self._memory.marks, notifies=settings.listen)
        witness.on_change = self._announcer.changed
        self._counting = Counting(self._engine, self.id, tally, recount_seconds=settings.recount_seconds)
        self._limits = LimitKeeper(self._engine, self._memory, self._announcer, self._wakeups)
        self._depths = Depths(self._memory.limits)
        self._registry = SessionRegistry()
        self._settling = Settling(self._engine, self.id, self._registry, self._announcer)
        self._reaper = Reaper(
            self._engine,
            self.id,
            self._registry,
            self._announcer,
            lease_seconds=settings.lease_seconds,
            deadline_check_seconds=settings.deadline_check_seconds,
        )
        self._dispatchers = Dispatchers(
            self._engine,
            self._registry,
            self._memory,
            self._settling,
            self._wakeups,
            settings.effective_poll_seconds,
        )
        self._streams = ClaimStreams(
            self._engine,
            self.id,
            self._registry,
            self._dispatchers,
            self._reaper,
            self._settling,
            self._announcer,
            LeaseTimes(settings.lease_seconds, min(settings.reconnect_grace_seconds, settings.lease_seconds)),
        )
        self._batches = BatchClaims(self._engine, self.id, self._memory, self._wakeups, settings.effective_poll_seconds)
        self._maintenance = Maintenance(
            self._engine,
            Duties(self._reaper, self._settling, self._counting, self._limits),
            self._clocks,
            self._announcer,
            retention=Retention(settings.history_days, settings.failed_content_days, settings.abandoned_upload_hours),
            listen_url=settings.database_url.get_secret_value() if settings.listen else None,
        )
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(interceptors=[ErrorInterceptor(self._access)], options=_OPTIONS)
        self._stopping = asyncio.Event()
        self._readiness: asyncio.Task[None] | None = None
        self._readiness_check: asyncio.Task[bool] | None = None
        self._commits = self._add_services()

    def _add_services(self) -> FileCommits:
        settings = self.settings
        room = SpoolRoom(max_files=settings.incoming_files, max_bytes=settings.staged_bytes)
        gate = CommitGate(max_commits=max(1, settings.database_connections // 2), wait_seconds=settings.turn_seconds)
        background = BackgroundTasks()
        commits = FileCommits(
            self._database,
            self._tell_watchers,
            CommitLimits(settings.file_rows),
            room,
            gate,
            background,
            self._announcer.freed,
        )
        job_service_pb2_grpc.add_JobServiceServicer_to_server(
            JobService(
                self._database,
                self._clocks,
                self._announcer,
                _job_defaults(settings),
                self._streams.check_open,
                background,
                settings.effective_poll_seconds,
                self._depths,
            ),
            self._server,
        )
        admin_service_pb2_grpc.add_AdminServiceServicer_to_server(
            AdminService(
                self._database,
                self._clocks,
                self._announcer,
                self._access,
                self._reaper,
                self._counting,
                self._limits,
            ),
            self._server,
        )
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(self._worker_service(), self._server)
        upload_service_pb2_grpc.add_UploadServiceServicer_to_server(
            UploadService(
                self._database,
                self._clocks,
                self._announcer,
                room,
                gate,
                _upload_policy(settings, self._depths),
                self._streams.check_open,
                background,
            ),
            self._server,
        )
        forgetting = Forgetting(self._database, self._announcer, gate, background, self._streams.check_open)
        reads = ReadGate(max_reads=settings.database_connections // 3, wait_seconds=settings.turn_seconds)
        listen_service_pb2_grpc.add_ListenServiceServicer_to_server(
            ListenService(self._database, commits, reads, forgetting, self._access, self._streams.check_open),
            self._server,
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        return commits

    def _worker_service(self) -> WorkerService:
        return WorkerService(
            self._database,
            self._streams,
            self._batches,
            self._announcer,
            lease_seconds=self.settings.lease_seconds,
            ping_seconds=self.settings.ping_seconds,
        )

    def _tell_watchers(self, upload_id: UUID) -> None:
        self._announcer.wake([upload_topic(upload_id)])

    async def start(self) -> None:
        """Connects to the database, starts the duties and listens; `port` is the port then.

        Raises StoreUnavailable where the database does not answer, OSError where the port is taken.
        """
        await self._database.open()
        try:
            await self._engine.open()
            await self._maintenance.start()
            await self._tell_readiness()
            self.port = self._bind()
            await self._server.start()
        except BaseException:
            await self.stop()
            raise
        readiness = repeat("readiness", READINESS_SECONDS, self._tell_readiness, self._stopping)
        self._readiness = asyncio.create_task(readiness, name="readiness")
        log.info("coordinator_started", coordinator=str(self.id), host=self.settings.grpc_host, port=self.port)

    def _bind(self) -> int:
        address = f"{self.settings.grpc_host}:{self.settings.grpc_port}"
        try:
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"Cannot listen on {address}: is something else listening there?") from error

    async def stop(self) -> None:
        """Tells streams to move on, lets calls end within their grace, then leaves. A second time does nothing."""
        self._stopping.set()
        if self._readiness:
            await self._readiness
        await self._set_serving(serving=False)
        await self._batches.stop()
        self._wakeups.wake_all()
        await self._streams.drain(self.settings.drain_seconds)
        await self._commits.finish()
        await self._server.stop(STOP_GRACE_SECONDS)
        # One more may have begun until the last call ended.
        await self._commits.finish()
        await self._dispatchers.stop()
        await self._maintenance.stop()
        await self._engine.close()
        await self._database.close()
        log.info("coordinator_stopped", coordinator=str(self.id))

    async def _tell_readiness(self) -> None:
        """Says to health checks whether the database answers in time and history has room for tomorrow."""
        if self._readiness_check is None or self._readiness_check.done():
            self._readiness_check = asyncio.create_task(self._is_ready())
        # Not cut off but left to end by itself: one that waits for a database that is gone is not ready meanwhile.
        await asyncio.wait([self._readiness_check], timeout=READINESS_SECONDS)
        await self._set_serving(serving=self._readiness_check.done() and self._readiness_check.result())

    async def _is_ready(self) -> bool:
        try:
            return await has_tomorrows_partition(self._engine)
        except SluiceError:
            return False

    async def _set_serving(self, *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *SERVICES):
            await self._health.set(service, status)


def _retry_policy(settings: Settings) -> RetryPolicy:
    return RetryPolicy(
        max_attempts=settings.default_max_attempts,
        base_ms=round(settings.default_backoff_base_seconds * 1000),
        factor=settings.default_backoff_factor,
        ceiling_ms=round(settings.default_backoff_ceiling_seconds * 1000),
    )


def _job_defaults(settings: Settings) -> JobDefaults:
    return JobDefaults(
        retry_policy=_retry_policy(settings),
        deadline_ms=round(settings.default_deadline_seconds * 1000),
        payload_bytes=settings.payload_bytes,
        jobs_per_request=settings.enqueue_jobs,
    )


def _upload_policy(settings: Settings, depths: Depths) -> UploadPolicy:
    return UploadPolicy(
        limits=UploadLimits(settings.upload_files, settings.file_bytes, settings.upload_bytes),
        retry_policy=_retry_policy(settings),
        deadline_ms=round(settings.default_deadline_seconds * 1000),
        incoming_hours=settings.abandoned_upload_hours,
        depths=depths,
    )
