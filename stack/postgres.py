"""Supervises an embedded PostgreSQL: one folder, one server, loopback only, gone when its parent is gone."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import IO, Self

from stack.postgres_files import PostgresError, PostgresFiles, find_binaries

_LAUNCHER = Path(__file__).with_name("postgres_launcher.py")

# Said by a server whose predecessor was killed, while the last of that one's processes are still leaving.
_PASSING_COMPLAINTS = ("is still in use", '"postmaster.pid" already exists')
_PORT_TAKEN = "could not bind IPv4 address"


class EmbeddedPostgres:
    """A PostgreSQL server of our own below `root`, which keeps its data from run to run.

    It listens on 127.0.0.1 alone and wants a password of every login. Started by root it runs as `nobody`
    (see the launcher). Threads and a loaded gRPC are no hindrance to starting it: the launcher is a program
    of its own, so no Python runs in a forked copy of this process.

    Args:
        root: A folder for this server alone; made where missing.
        port: The port to listen on; a free one where None.
        settings: Server settings by name, such as {"fsync": "off"}.
        bin_dir: The folder of PostgreSQL's programs; SLUICE_PG_BIN or the wheel's where None.
    """

    def __init__(
        self,
        root: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        bin_dir: Path | None = None,
    ) -> None:
        self._files = PostgresFiles(root.resolve())
        self._port = port
        self._settings = dict(settings or {})
        self._bin_dir = find_binaries(bin_dir)
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, None where it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, timeout: float = 60.0) -> str:
        """Starts the server and returns its URL for the superuser `postgres` once it accepts connections.

        The kernel ends the server with the thread that started it, so only the main thread may.

        Args:
            timeout: Seconds in which it must be ready, the recovery after a crash included.

        Raises:
            PostgresError: it runs already, another process has the folder, or PostgreSQL refuses; then
                the message ends with the last lines of its log.
        """
        if threading.current_thread() is not threading.main_thread():
            raise PostgresError("PostgreSQL ends with the thread that starts it: start it from the main thread.")
        if self.pid is not None:
            raise PostgresError(f"PostgreSQL runs already on {self._files.root}.")
        self._lock = self._lock or self._files.lock()
        try:
            password = self._files.password()
            self._make_data()
            port = self._serve(monotonic() + timeout)
        except BaseException:
            self.stop()
            raise
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    def stop(self, timeout: float = 6.0) -> None:
        """Stops the server, which says goodbye to its clients; after `timeout` seconds without ceremony."""
        if self._process is not None:
            for farewell, patience in (
                (signal.SIGINT, timeout),
                (signal.SIGQUIT, 2.0),
                (signal.SIGKILL, None),
            ):
                self._process.send_signal(farewell)
                try:
                    self._process.wait(patience)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _make_data(self) -> None:
        """Makes the data directory where there is none; a run that was cut short leaves no trap."""
        if self._files.data.exists():
            return
        new = self._files.unfinished_data
        shutil.rmtree(new, ignore_errors=True)
        password = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={self._files.password_file}"]
        syncing = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        made = self._initdb("-D", str(new), *password, *self._locale_options(), *syncing)
        if made.returncode != 0:
            raise PostgresError(f"PostgreSQL could not make {new}:\n{made.stderr.strip()}")
        new.rename(self._files.data)

    def _locale_options(self) -> list[str]:
        """Sorts by code point and knows the letters of all languages, with every version."""
        version = re.search(r"\d+", self._initdb("--version").stdout)
        if version and int(version[0]) >= 17:
            return ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]

    def _initdb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = self._command("initdb", *arguments)
        return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)

    def _serve(self, deadline: float) -> int:
        """Starts the server, again while what hinders it is passing, and returns its port."""
        self._files.begin_log()
        while True:
            self._files.forget_stranger()
            port = self._port or _free_port()
            complaint = self._try_to_serve(port, deadline)
            if complaint is None:
                return port
            passing = _PASSING_COMPLAINTS if self._port else (*_PASSING_COMPLAINTS, _PORT_TAKEN)
            if monotonic() > deadline or not any(words in complaint for words in passing):
                raise PostgresError(f"PostgreSQL does not start on {self._files.root}:\n{complaint}")
            sleep(0.1)

    def _try_to_serve(self, port: int, deadline: float) -> str | None:
        """Returns None once the server is ready, or the end of its log when it ended or is too late."""
        fixed = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in {**self._settings, **fixed}.items()]
        with self._files.log.open("ab") as log:
            position = log.tell()
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self._files.data), *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the stack, which stops its database last
            )
        while monotonic() < deadline:
            try:
                self._process.wait(0.01)
                break
            except subprocess.TimeoutExpired:
                if self._files.is_ready(self._process.pid):
                    return None
        return self._files.log_since(position)

    def _command(self, program: str, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(self._files.root)]
        return [*launcher, str(self._bin_dir / program), *arguments]


def _environment() -> dict[str, str]:
    """Returns our environment without what would change PostgreSQL's ways or its language."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
