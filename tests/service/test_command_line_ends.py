"""How `sluice` ends: help, sentences on stderr and exit codes, Ctrl-C, closed pipes, and what it never shows."""

import asyncio
from collections.abc import Iterator

import click
import grpc.aio
import pytest

from coordinator_client.command_line.program import program
from tests.service.commands import SLUICE, Shell
from tests.service.conftest import StartCoordinator
from tests.service.queue_work import enqueue

NOBODY = Shell("127.0.0.1:1")
TOKENS = {"operator": "operator-token-0123456789", "producer": "producer-token-0123456789"}


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(every_command(program))


def test_the_commands_are_those_that_are_told() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        *("", "jobs", "queues", "workers", "enqueue", "audit", "prune", "reap", "top"),
        *(f"jobs {name}" for name in ("list", "show", "watch", "cancel", "redrive")),
        *(f"queues {name}" for name in ("list", "pause", "resume", "limits")),
        *(f"workers {name}" for name in ("list", "drain")),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
async def test_every_command_helps_with_examples_and_exit_codes(path: tuple[str, ...]) -> None:
    helped = await NOBODY.run(*path, "--help", columns=100)
    assert helped.status == 0
    assert "\n  Examples:\n    sluice" in helped.out
    assert "Exit codes: 0 done; 1 refused or failed; 2 wrong usage;" in helped.out
    if path and path[-1] not in {"jobs", "queues", "workers"}:
        assert all(option in helped.out for option in ("--json", "--utc", "--target", "--token", "--timeout"))
        # What every command has comes last.
        assert helped.out.index("--target") > helped.out.index("--yes  " if "--yes  " in helped.out else "Options:")


ACTS = [
    ("jobs", "list"),
    ("jobs", "show", "x"),
    ("jobs", "watch", "x"),
    ("jobs", "cancel", "x"),
    ("jobs", "redrive", "x"),
    ("queues", "list"),
    ("queues", "pause", "x"),
    ("queues", "resume", "x"),
    ("queues", "limits", "x"),
    ("workers", "list"),
    ("workers", "drain", "x"),
    ("enqueue", "q", "k"),
    ("audit",),
    ("prune", "--older-than", "2h", "--yes"),
    ("reap",),
    ("top", "--once"),
]


@pytest.mark.parametrize("arguments", ACTS, ids=" ".join)
async def test_a_coordinator_that_is_away_is_said_to_be(arguments: tuple[str, ...]) -> None:
    ended = await NOBODY.pipe(*arguments, "--timeout", "2s")
    assert (ended.status, ended.out) == (4, "")
    assert ended.err == (
        "Error: No coordinator answers at 127.0.0.1:1. Is it running? "
        "--target or SLUICE_COORDINATOR_TARGET names another.\n"
    )


async def test_one_that_does_not_answer_in_time_is_said_to_be_silent() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        ended = await Shell(f"127.0.0.1:{port}").pipe("queues", "list", "--timeout", "500ms")
    finally:
        server.close()
        await server.wait_closed()
    assert (ended.status, ended.out) == (4, "")
    assert "answer" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Usage: sluice"),
        (("jbos",), "No such command 'jbos'."),
        (("jobs", "show"), "Missing argument 'ID'."),
        (("jobs", "list", "--state", "gone"), "'gone' is not one of"),
        (("jobs", "list", "--limit", "many"), "'many' is no number: write 250, 10k or 2M."),
        (("jobs", "redrive", "--queue", "q", "--failed-since", "then"), "'then' is no moment: write how long ago"),
        (("queues", "limits", "q", "--rate", "fast"), "'fast' is no rate: write 10/s, 600/m or 1000/h."),
        (("prune",), "Missing option '--older-than'."),
        (("top",), "The live view needs a terminal: say --once, or --json."),
        (("queues", "list", "--target", "a:1,b:2"), "is not numeric"),
        (("queues", "list", "--timeout", "0.1.2"), "is no duration"),
    ],
)
async def test_wrong_usage_is_2_and_says_what_is_right(arguments: tuple[str, ...], sentence: str) -> None:
    ended = await NOBODY.pipe(*arguments)
    assert ended.status == 2
    assert sentence in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [("show", "x"), ("watch", "x"), ("cancel", "x")], ids=" ".join)
async def test_what_is_no_id_is_refused(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = await shell.pipe("jobs", *arguments)
    assert ended.status in {1, 3}
    assert ended.err.startswith("Error: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("act", ["show", "watch"])
async def test_an_unknown_job_is_3(shell: Shell, act: str) -> None:
    ended = await shell.pipe("jobs", act, "0199ffff-0000-7000-8000-000000000000")
    assert (ended.status, ended.out) == (3, "")
    assert "Look at the id: `sluice jobs list`" in ended.err


@pytest.fixture
async def guarded(start_coordinator: StartCoordinator) -> Shell:
    """The command line, aimed at a coordinator that asks for tokens."""
    pairs = " ".join(f"{role}:{token}" for role, token in TOKENS.items())
    return Shell(f"127.0.0.1:{(await start_coordinator(service_tokens=pairs)).port}")


async def test_a_token_is_shown_to_the_coordinator_and_to_nobody_else(guarded: Shell) -> None:
    for way in ({"SLUICE_SERVICE_TOKEN": TOKENS["operator"]}, {}):
        arguments = () if way else ("--token", TOKENS["operator"])
        ended = await guarded.pipe("reap", *arguments, variables=way)
        assert (ended.status, ended.out) == (0, "0 jobs taken back, 0 sessions closed.\n")
    helped = await guarded.pipe("reap", "--help", variables={"SLUICE_SERVICE_TOKEN": TOKENS["operator"]})
    assert TOKENS["operator"] not in helped.out


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "does not know this service token. Set SLUICE_SERVICE_TOKEN"),
        ("wrong-token-0123456789", "does not know this service token. Set SLUICE_SERVICE_TOKEN"),
        (TOKENS["producer"], "Set SLUICE_SERVICE_TOKEN (or --token) to an operator's token."),
    ],
)
async def test_a_wrong_token_is_refused_and_not_repeated(guarded: Shell, token: str, sentence: str) -> None:
    ended = await guarded.pipe("reap", variables={"SLUICE_SERVICE_TOKEN": token})
    assert (ended.status, ended.out) == (1, "")
    assert sentence in ended.err
    assert not token or token not in ended.err


async def test_a_token_that_cannot_be_one_is_not_repeated_either() -> None:
    ended = await NOBODY.pipe("reap", "--token", "sécret token")
    assert (ended.status, "sécret" in ended.err) == (2, False)
    assert "a service token has neither blanks nor anything beyond ASCII." in ended.err


async def test_options_may_stand_before_the_command_and_those_behind_it_count(shell: Shell) -> None:
    await enqueue(shell.target)
    before = await NOBODY.pipe("--target", shell.target, "--json", "queues", "list")
    assert before.documents[0]["queue"] == "images"
    behind = await NOBODY.pipe("--target", "127.0.0.1:2", "queues", "list", "--target", shell.target)
    assert behind.status == 0


async def test_ctrl_c_is_130_without_a_trace(shell: Shell) -> None:
    (job_id,) = await enqueue(shell.target)
    async with shell.opened("jobs", "watch", job_id) as watch:
        await watch.until("pending")
        watch.type("\x03")
        assert await watch.status() == 130
        assert watch.text.split() == ["pending", "attempt", "0", "of", "4", "^C"]
    async with shell.opened("jobs", "cancel", "--queue", "images") as asking:
        await asking.until("[y/N]")
        asking.type("\x03")
        assert await asking.status() == 130
        assert "Traceback" not in asking.text


@pytest.mark.parametrize("form", ["", "--json"])
async def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell, form: str) -> None:
    # More than a pipe holds.
    await enqueue(shell.target, 400, owner="o" * 200)
    command = " ".join((*SLUICE, "jobs", "list", "--limit", "0", form, "--target", shell.target))
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"set -o pipefail; {command} | head -n 1 | wc -l"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out.strip(), err) == (0, b"1", b"")


async def test_colours_are_for_terminals_alone_and_not_with_no_color(shell: Shell) -> None:
    await enqueue(shell.target)
    piped = await shell.pipe("queues", "list")
    assert "\x1b" not in piped.out
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        async with shell.opened("queues", "list", variables=variables) as listed:
            assert await listed.status() == 0
            assert ("\x1b[" in listed.raw) == coloured


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_a_table_fits_the_terminal_and_keeps_the_ids_whole(shell: Shell, columns: int) -> None:
    (job_id,) = await enqueue(shell.target, owner="o" * 150, kind="k" * 100)
    listed = await shell.run("jobs", "list", columns=columns)
    assert all(len(line) <= columns for line in listed.out.splitlines())
    assert job_id in listed.out
    piped = await shell.pipe("jobs", "list")
    assert "o" * 150 in piped.out


@pytest.mark.parametrize("arguments", [("jobs", "cancel"), ("workers", "list"), ("top", "--once")], ids=" ".join)
async def test_shells_complete_names_and_options(arguments: tuple[str, ...]) -> None:
    words = " ".join(("sluice", *arguments))
    typed = {"_SLUICE_COMPLETE": "bash_complete", "COMP_WORDS": f"{words[:-1]}", "COMP_CWORD": str(len(arguments))}
    completed = await NOBODY.pipe(variables=typed)
    assert completed.status == 0
    assert f"plain,{arguments[-1]}" in completed.out


async def test_a_coordinator_without_the_call_is_said_to_be_old() -> None:
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        ended = await Shell(f"127.0.0.1:{port}").pipe("reap")
    finally:
        await server.stop(0)
    assert ended.status == 1
    assert "it is older than this command line. Update it." in ended.err
