"""The local stack's own PostgreSQL: what it promises about crashes, orphans, secrets and addresses."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack.postgres import EmbeddedPostgres
from stack.postgres_admin import connect_admin, ensure_database, give_login
from stack.postgres_files import PostgresError
from tests.waiting import eventually

_REPOSITORY = Path(__file__).parents[2]
_PARENT = """
import pathlib, sys
from stack.postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made(quick_folder: Path) -> Path:
    """A folder that a server was made in and has left; making one takes a second, copying it does not."""
    root = quick_folder / "made"
    with EmbeddedPostgres(root):
        pass
    return root


@pytest.fixture
def root(made: Path) -> Iterator[Path]:
    root = shutil.copytree(made, made.with_name("a folder with spaces"))
    yield root
    shutil.rmtree(root)


@pytest.fixture
def server(root: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(root)
    yield server
    server.stop()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with PostgreSQL."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process


@pytest.fixture
def parent(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that starts a server in the folder, prints its URL and would keep it for ever."""
    command = [sys.executable, "-c", _PARENT, str(root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_REPOSITORY, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


def _pid_of(server: EmbeddedPostgres) -> int:
    assert server.pid is not None
    return server.pid


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


async def _kill(server: EmbeddedPostgres) -> None:
    os.kill(_pid_of(server), signal.SIGKILL)
    await eventually(lambda: server.pid is None)


def _processes_of(root: Path) -> list[int]:
    """Everything that works in this folder or has it in its command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + os.fsencode((process / "cwd").readlink())
        except OSError:
            continue
        if os.fsencode(root) in words:
            found.append(int(process.name))
    return found


def _remember(url: str, word: str) -> None:
    with connect_admin(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def _remembered(url: str) -> list[str]:
    with connect_admin(url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY word")]


def test_data_outlives_a_stop_and_no_process_does(server: EmbeddedPostgres, root: Path) -> None:
    _remember(server.start(), "kept")
    assert _processes_of(root)
    server.stop()
    assert _processes_of(root) == []
    assert _remembered(server.start()) == ["kept"]


async def test_data_outlives_a_killed_server(server: EmbeddedPostgres) -> None:
    _remember(server.start(), "committed")
    await _kill(server)
    assert _remembered(server.start()) == ["committed"]


async def test_the_server_ends_with_its_killed_parent_and_starts_again(
    server: EmbeddedPostgres, root: Path, parent: subprocess.Popen[str]
) -> None:
    assert parent.stdout is not None
    _remember(parent.stdout.readline().strip(), "from the parent")
    assert len(_processes_of(root)) > 1
    parent.kill()
    await eventually(lambda: _processes_of(root) == [])
    assert _remembered(server.start()) == ["from the parent"]


async def test_a_server_waits_for_the_last_processes_of_a_killed_one(server: EmbeddedPostgres) -> None:
    url = server.start()
    _remember(url, "before")
    with connect_admin(url) as connection:
        straggler = connection.info.backend_pid
        os.kill(straggler, signal.SIGSTOP)
        await _kill(server)
        waker = threading.Timer(0.5, os.kill, (straggler, signal.SIGCONT))
        waker.start()
        assert _remembered(server.start()) == ["before"]
        waker.join()


async def test_a_pid_file_that_names_a_stranger_hinders_nobody(
    server: EmbeddedPostgres, root: Path, stranger: subprocess.Popen[bytes]
) -> None:
    server.start()
    pid_file = root / "data" / "postmaster.pid"
    others = pid_file.read_text().splitlines()[1:]
    await _kill(server)
    pid_file.write_text("\n".join([str(stranger.pid), *others, ""]))
    assert server.start(timeout=40)  # 14's autovacuum launcher outlives a killed server by up to 20 s
    assert stranger.poll() is None


def test_a_data_directory_that_was_made_half_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("1")
    with EmbeddedPostgres(tmp_path, settings={"fsync": "off"}) as server:
        assert _pid_of(server)


def test_a_second_process_is_refused_with_a_sentence(server: EmbeddedPostgres, root: Path) -> None:
    server.start()
    with pytest.raises(PostgresError, match=rf"is in use by another process \(id {os.getpid()}\): stop it"):
        EmbeddedPostgres(root).start()
    assert _pid_of(server)


def test_a_server_that_cannot_start_says_why_and_leaves_the_folder_free(root: Path) -> None:
    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers": "plenty"'):
        EmbeddedPostgres(root, settings={"shared_buffers": "plenty"}).start()
    with EmbeddedPostgres(root) as server:
        assert _pid_of(server)


def test_a_folder_without_postgresql_is_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match=f"There is no PostgreSQL in {tmp_path}: install"):
        EmbeddedPostgres(tmp_path, bin_dir=tmp_path)


def test_a_taken_port_is_an_error_when_it_was_asked_for(server: EmbeddedPostgres, made: Path) -> None:
    port = _port_of(server.start())
    with pytest.raises(PostgresError, match=r"could not bind IPv4 address .*: Address already in use"):
        EmbeddedPostgres(made, port=port).start()


def test_a_lost_password_is_explained(server: EmbeddedPostgres, root: Path) -> None:
    (root / "password").unlink()
    with pytest.raises(PostgresError, match="password is missing, so nobody can log in"):
        server.start()


def test_the_password_is_the_owners_alone_and_asked_of_everybody(
    server: EmbeddedPostgres, made: Path, root: Path
) -> None:
    assert stat.S_IMODE((made / "password").stat().st_mode) == 0o600
    password = (root / "password").read_text().strip()
    url = server.start()
    assert f"postgres:{password}@" in url
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guessed"))


def test_it_listens_on_loopback_and_nowhere_else(server: EmbeddedPostgres) -> None:
    port = _port_of(server.start())
    sockets = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    columns = [line.split() for line in sockets.splitlines()]
    listening = [column[1] for column in columns if column[3] == "0A" and column[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]


def test_a_folder_of_another_user_is_served_by_that_user(tmp_path: Path) -> None:
    """Only root can serve such a folder; for anybody else it is their own, and the promise is the same."""
    root = tmp_path / "theirs"
    root.mkdir()
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    os.chown(root, owner, -1)
    with EmbeddedPostgres(root, settings={"fsync": "off"}) as server:
        assert Path(f"/proc/{_pid_of(server)}").stat().st_uid == owner
    assert (root / "data").stat().st_uid == owner


def test_only_the_main_thread_may_start_it(server: EmbeddedPostgres) -> None:
    refusals: list[str] = []

    def start() -> None:
        with pytest.raises(PostgresError) as refusal:
            server.start()
        refusals.append(str(refusal.value))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "start it from the main thread" in refusals[0]


def test_a_role_logs_in_once_it_has_been_given_a_login(server: EmbeddedPostgres) -> None:
    url = ensure_database(server.start(), "a database")
    assert ensure_database(url, "a database") == url
    with connect_admin(url) as connection:
        connection.execute("CREATE ROLE somebody")
    with connect_admin(give_login(url, "somebody")) as connection:
        who_and_where = connection.execute("SELECT current_user, current_database()").fetchone()
    assert who_and_where == ("somebody", "a database")
