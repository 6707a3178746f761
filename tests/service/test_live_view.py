"""`sluice top` under a pseudo-terminal: what it shows, how it follows the size, and how it leaves the terminal."""

import itertools
import signal
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from protos.jobs.v1 import admin_service_pb2 as messages
from tests.service.commands import Shell
from tests.service.conftest import StartCoordinator
from tests.service.queue_work import Gate, enqueue, working
from tests.waiting import eventually

_LEAVES_THE_SCREEN = "\x1b[?1049l"


@pytest.fixture
async def gate(shell: Shell) -> AsyncIterator[Gate]:
    """A worker that holds two jobs, with some that wait for their time."""
    await enqueue(shell.target, 2)
    await enqueue(shell.target, 3, queue="mail", kind="send", delay=3600)
    async with working(shell.target) as opened:
        yield opened


async def test_it_shows_queues_and_workers_and_follows_what_they_do(shell: Shell, gate: Gate) -> None:
    async with shell.opened("top", "--interval", "200ms", columns=160) as top:
        screen = await top.shows("50% (1 of 2) half way")
        title, _, queues, images, mail, _, workers, w1, *_ = screen.splitlines()
        assert title.startswith(f"Sluice at {shell.target}  q ends  counted ")
        assert queues.split()[:5] == ["QUEUE", "STATE", "PENDING", "SCHEDULED", "PROCESSING"]
        assert images.split()[:5] == ["images", "open", "0", "0", "2"]
        assert mail.split()[:5] == ["mail", "open", "0", "3", "0"]
        assert workers.split()[:4] == ["SESSION", "WORKER", "STATE", "HOLDS"]
        assert w1.split()[1:4] == ["w1", "active", "2"]
        gate.open()
        await eventually(lambda: top.screen.splitlines()[3].split()[:5] == ["images", "open", "0", "0", "0"], 20)
        top.type("q")
        assert await top.status() == 0


@pytest.mark.parametrize(("ending", "status"), [("q", 0), ("\x03", 130), (signal.SIGTERM, 143)])
async def test_it_leaves_the_terminal_as_it_was(shell: Shell, ending: str | signal.Signals, status: int) -> None:
    await enqueue(shell.target)
    async with shell.opened("top", "--interval", "200ms") as top:
        before = top.attributes
        await top.shows("images")
        assert top.attributes != before
        if isinstance(ending, str):
            top.type(ending)
        else:
            top.signal(ending)
        assert await top.status() == status
        assert top.attributes == before
        assert "\x1b[?1049h" in top.raw
        assert top.raw.endswith(f"{_LEAVES_THE_SCREEN}\x1b[?25h")
        assert "Traceback" not in top.text


async def test_it_follows_the_terminals_size_at_once(shell: Shell) -> None:
    for number in range(12):
        await enqueue(shell.target, number + 1, queue=f"queue-{number:02}")
    async with shell.opened("top", "--interval", "60s", columns=120, rows=40) as top:
        await top.shows("queue-11")
        top.resize(40, 12)
        narrow = await top.shows("more queues")
        assert "queue-00" not in narrow, "the deepest stay"
        assert "queue-11" in narrow
        assert len(narrow.splitlines()) <= 12
        assert all(len(line) <= 40 for line in narrow.splitlines())
        top.resize(160, 40)
        assert "FAILED/S" in await top.shows("queue-00")


async def test_it_goes_on_while_the_coordinator_is_away(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator()
    shell = Shell(f"127.0.0.1:{coordinator.port}")
    await enqueue(shell.target)
    async with shell.opened("top", "--interval", "200ms", "--timeout", "1s") as top:
        await top.shows("images")
        await coordinator.stop()
        assert "images" in await top.shows("No answer for ")
        await start_coordinator(grpc_port=coordinator.port)
        await eventually(lambda: "images" in top.screen and "No answer for" not in top.screen, 30)
        top.type("Q")
        assert await top.status() == 0


async def test_it_goes_on_while_the_coordinator_has_too_much_to_do() -> None:
    calls = itertools.count(1)

    async def get_queue_stats(request: bytes, context: Any) -> bytes:
        number = next(calls)
        if number == 2:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many at once")
        queue = messages.QueueStats(queue="first" if number == 1 else "later")
        return messages.GetQueueStatsResponse(queues=[queue]).SerializeToString()

    async def list_workers(request: bytes, context: Any) -> bytes:
        return b""

    methods = {"GetQueueStats": get_queue_stats, "ListWorkers": list_workers}
    handlers: dict[str, Any] = {name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()}
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("jobs.v1.AdminService", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with Shell(f"127.0.0.1:{port}").opened("top", "--interval", "200ms") as top:
            await top.shows("later")
            top.type("q")
            assert await top.status() == 0
    finally:
        await server.stop(None)


async def test_once_needs_no_terminal_and_nothing_is_cut(shell: Shell, gate: Gate) -> None:
    once = await eventually(lambda: snapshot(shell), 20)
    assert once.startswith(f"Sluice at {shell.target}  counted ")
    assert "\x1b" not in once
    assert "FAILED/S" in once
    (document,) = (await shell.pipe("top", "--json")).documents
    assert [queue["queue"] for queue in document["queues"]] == ["images", "mail"]
    assert [worker["name"] for worker in document["workers"]] == ["w1"]


async def snapshot(shell: Shell) -> str:
    once = await shell.pipe("top", "--once")
    return once.out if "half way" in once.out else ""


async def test_an_empty_coordinator_is_shown_as_one(shell: Shell) -> None:
    once = await shell.run("top", "--once")
    assert once.status == 0
    assert "No queues yet." in once.out
    assert "No workers connected." in once.out
