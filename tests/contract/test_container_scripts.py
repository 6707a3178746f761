"""What runs in a container beside the process itself: the entry point that reads secrets, and the health checks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import create_connection, create_server
from threading import Thread

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

SCRIPTS = Path(__file__).parents[2] / "deploy/images"
SHOW = "import os; print(os.getpid(), os.environ.get('DATABASE_URL'), os.environ.get('DATABASE_URL_FILE'))"


def run(script: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def port_of(address: tuple[str, int]) -> str:
    return str(address[1])


@contextmanager
def coordinator_that_says(status: int) -> Iterator[str]:
    servicer = health.HealthServicer()
    servicer.set("", status)
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield str(port)
    finally:
        server.stop(None).wait()


@contextmanager
def gateway_that_answers(status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield str(server.server_port)
        finally:
            server.shutdown()
            thread.join()


def test_the_entry_point_takes_a_secret_from_its_file_and_becomes_the_command(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://somewhere\n")
    command = [sys.executable, str(SCRIPTS / "entrypoint.py"), sys.executable, "-c", SHOW]
    environment = {**os.environ, "DATABASE_URL": "", "DATABASE_URL_FILE": str(tmp_path / "url")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=60)
    assert said.split() == [str(process.pid), "postgresql://somewhere", "None"]


def test_the_entry_point_names_a_secret_whose_file_is_missing(tmp_path: Path) -> None:
    result = run("entrypoint.py", sys.executable, "-c", SHOW, DATABASE_URL_FILE=str(tmp_path / "none"))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"DATABASE_URL_FILE: cannot read {tmp_path / 'none'}: No such file or directory.\n"


def test_the_entry_point_refuses_a_secret_that_is_said_twice(tmp_path: Path) -> None:
    result = run("entrypoint.py", sys.executable, "-c", SHOW, DATABASE_URL_FILE=str(tmp_path), DATABASE_URL="secret")
    assert result.returncode == 1
    assert result.stderr == "DATABASE_URL and DATABASE_URL_FILE are both set: unset one of them.\n"


@pytest.mark.parametrize(
    ("status", "code"),
    [(health_pb2.HealthCheckResponse.SERVING, 0), (health_pb2.HealthCheckResponse.NOT_SERVING, 1)],
)
def test_a_coordinator_is_healthy_while_it_serves(status: int, code: int) -> None:
    with coordinator_that_says(status) as port:
        assert run("probe_coordinator.py", SLUICE_GRPC_PORT=port).returncode == code


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_a_gateway_is_healthy_while_it_is_ready(status: int, code: int) -> None:
    with gateway_that_answers(status) as port:
        assert run("probe_gateway.py", SLUICE_HTTP_PORT=port).returncode == code


@pytest.mark.parametrize(
    ("script", "setting"), [("probe_coordinator.py", "SLUICE_GRPC_PORT"), ("probe_gateway.py", "SLUICE_HTTP_PORT")]
)
def test_a_process_that_does_not_answer_is_not_healthy(script: str, setting: str) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = port_of(taken.getsockname())
    result = run(script, **{setting: port})
    assert result.returncode == 1
    assert "does not answer" in result.stderr


def test_a_worker_is_healthy_while_it_has_a_connection_to_a_coordinator() -> None:
    with create_server(("127.0.0.1", 0)) as coordinator:
        target = f"127.0.0.1:{port_of(coordinator.getsockname())}"
        with create_connection(coordinator.getsockname()), coordinator.accept()[0]:
            assert run("probe_ingest_worker.py", SLUICE_COORDINATOR_TARGET=f"127.0.0.1:1,{target}").returncode == 0
        result = run("probe_ingest_worker.py", SLUICE_COORDINATOR_TARGET=target)
    assert (result.returncode, result.stderr) == (1, f"No connection to {target}.\n")
