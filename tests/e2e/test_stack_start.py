"""How the stack begins: its ready line, its addresses, and what it says when it cannot start."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from gateway import settings as gateway_settings
from stack.ports import reserve_port
from stack.services import DEVELOPMENT_SECRET
from tests.e2e.plain_sql import Connection, rows
from tests.e2e.running_stack import RunningStack, listening_addresses, run_to_the_end


def assert_refused(ended: subprocess.CompletedProcess[str], status: int, *sentence_parts: str) -> None:
    """The stack ended with this status; it said why on standard error, and nothing on standard output."""
    assert (ended.returncode, ended.stdout) == (status, ""), ended.stderr
    for part in sentence_parts:
        assert part in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_ready_line_is_true(stack: RunningStack, sql: Connection) -> None:
    assert httpx.get(f"{stack.http}/readyz", trust_env=False).json() == {"status": "ready"}
    host, _, port = stack.grpc.rpartition(":")
    socket.create_connection((host, int(port)), 5).close()
    [role] = rows(sql, "SELECT rolsuper OR rolbypassrls AS sees_all FROM pg_roles WHERE rolname = current_user")
    assert role["sees_all"]
    listening = rows(sql, "SELECT worker FROM sluice.worker_sessions WHERE open")
    workers = {pid for pid, command in stack.living().items() if "-m ingest_worker" in command}
    assert {int(session["worker"].rpartition("-")[2]) for session in listening} >= workers
    assert len(workers) == 2


def test_everything_listens_on_loopback_only(stack: RunningStack) -> None:
    listening = set().union(*(listening_addresses(pid) for pid in stack.living()))
    assert {host for host, _ in listening} == {"127.0.0.1"}
    assert len(listening) == 3


def test_only_coordinators_know_the_database(stack: RunningStack) -> None:
    knowing = [
        command
        for pid, command in stack.living().items()
        if b"DATABASE_URL=" in Path(f"/proc/{pid}/environ").read_bytes()
    ]
    assert ["coordinator serve" in command for command in knowing] == [True]


@pytest.mark.parametrize("option", ["--http-port", "--grpc-port"])
def test_a_port_that_was_asked_for_and_is_taken_is_an_error(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ended = run_to_the_end("--data-dir", str(tmp_path / "data"), option, str(taken))
    assert_refused(ended, 2, option, f"port {taken} is not to be had")
    assert not (tmp_path / "data").exists()


def test_a_usual_port_that_is_taken_is_replaced_and_that_is_told() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        usual = other.getsockname()[1]
        port = reserve_port(None, usual, "http", said.append)
    assert said == [f"The usual http port {usual} is taken: using {port.number}."]
    port.close()


def test_a_reserved_port_is_nobody_elses_and_can_be_listened_on() -> None:
    port = reserve_port(0, 0, "http", print)
    with socket.create_server(("127.0.0.1", port.number)) as server:
        socket.create_connection(("127.0.0.1", port.number), 5).close()
        server.accept()[0].close()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port.number))
    port.close()


def test_a_second_stack_on_the_same_data_is_refused(stack: RunningStack) -> None:
    ended = run_to_the_end("--data-dir", str(stack.data_dir))
    assert_refused(ended, 1, "is in use by another process")
    assert httpx.get(f"{stack.http}/readyz", trust_env=False).status_code == 200


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://somebody:hush@127.0.0.1:1/nothing"
    ended = run_to_the_end("--data-dir", str(tmp_path), "--database-url", url)
    assert_refused(ended, 1, "The database does not answer")
    assert "hush" not in ended.stderr


def test_a_process_that_dies_at_the_start_is_named_with_its_last_words(stack: RunningStack, tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path), "--database-url", stack.database]
    ended = run_to_the_end(*arguments, SLUICE_ZIP_WAIT_SECONDS="none")
    log = tmp_path / "logs" / "gateway.log"
    assert_refused(ended, 1, f"gateway ended with status 2. The end of {log}:", "SLUICE_ZIP_WAIT_SECONDS")


def test_the_secret_is_the_one_that_the_gateway_knows_for_development() -> None:
    assert DEVELOPMENT_SECRET == gateway_settings.DEVELOPMENT_SECRET
