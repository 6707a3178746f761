"""The whole of it: a database, coordinators, a gateway and workers on this machine, until told to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

from stack.database import Database, EmbeddedDatabase, NamedDatabase
from stack.ports import ReservedPort
from stack.readiness import WorkerSessions, gateway_is_ready
from stack.schema import prepare_schema
from stack.services import coordinator_service, gateway_service, worker_service
from stack.signals import StopSignals
from stack.supervisor import Supervisor

_CHECK_SECONDS = 0.1

# All is over ten seconds after a signal. The processes take 6.5 s at most; a database that does not stop when asked
# takes two seconds more.
_STOP_SECONDS = 7.5
_LEAST_DATABASE_STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run: a coordinator on each port, on a database of our own where no URL is given."""

    http_port: ReservedPort
    grpc_ports: Sequence[ReservedPort]
    data_dir: Path
    database_url: str | None
    workers: int
    demo: bool

    @property
    def http_url(self) -> str:
        """The gateway's address."""
        return f"http://{self.http_port.address}"

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.data_dir / "logs"


def run_stack(
    plan: Plan, signals: StopSignals, say: Callable[[str], None], announce: Callable[[str], None]
) -> NoReturn:
    """Starts everything and keeps it running until Stopped is raised; stops all of it on any way out.

    Args:
        plan: What is to run.
        signals: Who raises Stopped.
        say: Takes sentences for the person at the terminal.
        announce: Takes the ready line.

    Raises:
        StackError, PostgresError: something did not start; the message says why.
    """
    database = _database(plan, say)
    supervisor = Supervisor(plan.logs, say)

    def stand_by() -> None:
        """Passes a moment with everything looked after."""
        signals.check()
        supervisor.check()
        database.check()
        sleep(_CHECK_SECONDS)

    try:
        owner_url = database.start()
        _start(plan, owner_url, supervisor)
        announce(f"sluice ready http={plan.http_url} grpc={plan.grpc_ports[0].address} database={owner_url}")
        if plan.demo:
            _show_demo(plan.http_url, stand_by, say)
        say("Ctrl-C stops everything.")
        while True:
            stand_by()
    finally:
        signals.mute()
        _stop(supervisor, database)


def _stop(supervisor: Supervisor, database: Database) -> None:
    """Stops all; the database takes what the processes leave of the time."""
    deadline = monotonic() + _STOP_SECONDS
    supervisor.stop()
    database.stop(max(deadline - monotonic(), _LEAST_DATABASE_STOP_SECONDS))


def _database(plan: Plan, say: Callable[[str], None]) -> Database:
    if plan.database_url is not None:
        return NamedDatabase(plan.database_url)
    return EmbeddedDatabase(plan.data_dir / "postgres", len(plan.grpc_ports), say)


def _start(plan: Plan, owner_url: str, supervisor: Supervisor) -> None:
    """Starts all processes and waits until they are ready."""
    # First the one that takes longest to load and asks nobody anything before it is asked itself.
    supervisor.start([gateway_service(plan.http_port, plan.grpc_ports)])
    coordinators_url = prepare_schema(owner_url)
    supervisor.start(
        [coordinator_service(number, port, coordinators_url) for number, port in enumerate(plan.grpc_ports, 1)]
    )
    supervisor.wait_until_ready()
    with closing(WorkerSessions(owner_url)) as sessions:
        supervisor.start([worker_service(number, plan.grpc_ports) for number in range(1, plan.workers + 1)])
        supervisor.wait_until(lambda: sessions.count() >= plan.workers, "Opening the workers' sessions")
    supervisor.wait_until(lambda: gateway_is_ready(plan.http_port), "Reaching the coordinator")


def _show_demo(http_url: str, stand_by: Callable[[], None], say: Callable[[str], None]) -> None:
    """Ingests the sample export; without it the stack is as good."""
    from stack.demo import DemoError, run_demo  # noqa: PLC0415 - what it needs takes as long to load as all the rest

    try:
        run_demo(http_url, stand_by)
    except (DemoError, OSError) as error:
        say(f"The demo did not work: {error}")
