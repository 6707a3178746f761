"""PgBouncer in transaction mode in front of a PostgreSQL, for tests that are to run behind it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.e2e.until import until

# Set to 1, it puts PgBouncer between the coordinator's connections and PostgreSQL.
SWITCH = "SLUICE_TEST_POOLER"


def is_wanted() -> bool:
    """Whether this run goes through a pooler."""
    return os.environ.get(SWITCH) == "1"


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Runs PgBouncer for one role; gives the URL to take in place of the given one. Any database passes through."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise RuntimeError("PgBouncer is not installed: apt-get install pgbouncer")
    parts = urlsplit(url)
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="sluice-pooler-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # it leaves root's rights behind
        (folder / "users").write_text(f'"{unquote(parts.username or "")}" "{unquote(parts.password or "")}"\n')
        (folder / "ini").write_text(_settings(folder, parts.hostname or "", parts.port or 0, port))
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [program, "-q", *as_nobody, str(folder / "ini")]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as pooler:
            try:
                until(lambda: _listens(port))
                address = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
                yield parts._replace(netloc=address).geturl()
            finally:
                pooler.terminate()


def _settings(folder: Path, host: str, server_port: int, port: int) -> str:
    return f"""[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder / "users"}
pool_mode = transaction
max_client_conn = 500
default_pool_size = 30
"""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
