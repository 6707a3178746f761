"""PgBouncer in transaction mode in front of a PostgreSQL, for tests that are to run behind it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

import stack.postgres_launcher
from tests.e2e.until import until

# Set to 1, it puts PgBouncer between the coordinator's connections and PostgreSQL.
SWITCH = "SLUICE_TEST_POOLER"

_ATTEMPTS = 5
_PORT_TAKEN = "in use"


class PoolerError(Exception):
    """PgBouncer is missing or does not start; the message says why and what to do."""


def is_wanted() -> bool:
    """Whether this run goes through a pooler."""
    return os.environ.get(SWITCH) == "1"


def find_program() -> Path:
    """Returns PgBouncer's program. Raises PoolerError where it is not installed."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        raise PoolerError("PgBouncer is not installed: install it (Debian: apt-get install pgbouncer).")
    return Path(found)


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Runs PgBouncer for one role; gives the URL to take in place of the given one. Any database passes through.

    It ends with the block, or with this process. Root's runs as `nobody`, as root's PostgreSQL does.

    Raises:
        PoolerError: it is not installed, or does not start.
    """
    server = urlsplit(url)
    with tempfile.TemporaryDirectory(prefix="sluice-pooler-") as folder:
        pooler, port = _start(find_program(), Path(folder), server)
        try:
            yield server._replace(netloc=f"{server.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        finally:
            pooler.terminate()
            pooler.wait()


def _start(program: Path, folder: Path, server: SplitResult) -> tuple[subprocess.Popen[bytes], int]:
    """Starts it on a free port, again where somebody else took that meanwhile."""
    for _ in range(_ATTEMPTS):
        port = _free_port()
        _write_settings(folder, server, port)
        pooler = _launch(program, folder)
        if until(partial(_outcome, pooler, port)) == "serves":
            return pooler, port
        if _PORT_TAKEN not in (folder / "log").read_text():
            break
    raise PoolerError(f"PgBouncer does not start:\n{(folder / 'log').read_text()[-1000:]}")


def _write_settings(folder: Path, server: SplitResult, port: int) -> None:
    users, settings = folder / "users", folder / "pgbouncer.ini"
    users.write_text(f'"{unquote(server.username or "")}" "{unquote(server.password or "")}"\n')
    settings.write_text(f"""[databases]
* = host={server.hostname} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
max_client_conn = 500
default_pool_size = 30
""")


def _launch(program: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Starts it by the launcher of our PostgreSQL: it is not to be root either, and to end with this process."""
    launcher = [sys.executable, "-I", "-S", stack.postgres_launcher.__file__, str(os.getpid()), str(folder)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*launcher, str(program), str(folder / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which stop it last
        )


def _outcome(pooler: subprocess.Popen[bytes], port: int) -> Literal["", "ended", "serves"]:
    if pooler.poll() is not None:
        return "ended"
    with socket.socket() as probe:
        return "serves" if probe.connect_ex(("127.0.0.1", port)) == 0 else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
