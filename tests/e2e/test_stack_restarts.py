"""What dies while the stack runs is started again, and the stack's addresses stay."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from stack.postgres_admin import ensure_database
from tests.e2e.made_files import account_file, account_files
from tests.e2e.person import Person, new_person
from tests.e2e.running_stack import RunningStack, running_stack
from tests.e2e.until import until

OWN_SECRET = "a secret of one's own, long enough for tokens"


@pytest.fixture(scope="module")
def second(stack: RunningStack) -> Iterator[RunningStack]:
    """A stack of two coordinators and two workers on a database of the first one's server, with another secret."""
    url = ensure_database(stack.database, "second")
    arguments = ["--database-url", url, "--coordinators", "2", "--workers", "2"]
    folder = stack.data_dir.parent / "second"
    with running_stack(folder, *arguments, demo=True, SUPABASE_JWT_SECRET=OWN_SECRET) as running:
        assert running.database == url
        yield running


def is_ready(stack: RunningStack) -> bool:
    try:
        return httpx.get(f"{stack.http}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def kill_and_wait(stack: RunningStack, words: str) -> None:
    """Kills a process and waits until another has taken its place and the stack serves."""
    dead = stack.pid_of(words)
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    until(lambda: stack.pid_of(words) not in {dead, None})
    until(lambda: is_ready(stack))


@pytest.mark.parametrize(
    ("name", "words"),
    [("gateway", "-m gateway"), ("coordinator-1", "-m coordinator"), ("worker-1", "-m ingest_worker")],
)
def test_a_process_that_dies_is_started_again_at_its_address(
    stack: RunningStack, person: Person, name: str, words: str
) -> None:
    kill_and_wait(stack, words)
    # Another worker stands in for the dead one at once, before the stack has seen it.
    until(lambda: f"{name} was ended by SIGKILL: it is started again in " in stack.said())
    assert person.ended(person.upload({"history.json": account_file(10)}))["status"] == "completed"


def test_two_stacks_on_one_server_do_not_lock_each_other_out(
    stack: RunningStack, person: Person, second: RunningStack
) -> None:
    with new_person(second.http, secret=OWN_SECRET) as other:
        upload = other.upload(account_files(8, 100))
        kill_and_wait(stack, "-m coordinator")
        kill_and_wait(second, "-m coordinator")
        assert other.ended(upload)["insertedRecords"] == 800
        assert person.ended(person.upload({"history.json": account_file(10)}))["insertedRecords"] == 10


def test_with_a_secret_of_ones_own_there_is_no_demo_and_no_stranger(second: RunningStack) -> None:
    until(lambda: "there is no demo user" in second.said())
    assert httpx.post(f"{second.http}/api/session/demo", trust_env=False).status_code == 404
    with new_person(second.http) as stranger:
        assert stranger.client.get("/api/listens/overview").status_code == 401
