"""`sluice jobs` and `sluice enqueue`, in a terminal and through pipes, against a real coordinator and worker."""

import json
from pathlib import Path

import pytest

from coordinator_client import Producer, open_channel
from tests.service.commands import Shell
from tests.service.queue_work import enqueue, failed_jobs, working

UNKNOWN = "0199ffff-0000-7000-8000-000000000000"


async def state_of(shell: Shell, job_id: str) -> str:
    shown = await shell.pipe("jobs", "show", job_id, "--json")
    return str(json.loads(shown.out)["state"])


async def test_jobs_are_listed_newest_first_within_a_table(shell: Shell) -> None:
    first, second = await enqueue(shell.target), await enqueue(shell.target, queue="mail", kind="send", delay=3600)
    listed = await shell.run("jobs", "list")
    heading, *rows = [line.split() for line in listed.out.splitlines()]
    assert listed.status == 0
    assert heading[:4] == ["ID", "STATE", "QUEUE", "KIND"]
    assert [row[:5] for row in rows] == [
        [*second, "scheduled", "mail", "send", "0/4"],
        [*first, "pending", "images", "resize", "0/4"],
    ]


async def test_a_list_keeps_to_what_was_asked_for_and_says_where_there_is_more(shell: Shell) -> None:
    ids = await enqueue(shell.target, 3)
    await enqueue(shell.target, queue="mail")
    chosen = ("--queue", "images", "--kind", "resize", "--owner", "me", "--state", "pending")
    listed = await shell.pipe("jobs", "list", *chosen, "--limit", "2", "--json")
    assert {row["id"] for row in listed.documents} < set(ids)
    assert (listed.status, len(listed.documents)) == (0, 2)
    assert listed.err == "There are more than 2: --limit shows more.\n"
    everything = await shell.pipe("jobs", "list", *chosen, "--limit", "0", "--json")
    assert ({row["id"] for row in everything.documents}, everything.err) == (set(ids), "")
    nothing = await shell.pipe("jobs", "list", "--state", "completed")
    assert (nothing.status, nothing.out, nothing.err) == (3, "", "Error: No job fits.\n")


async def test_a_job_is_shown_with_its_errors(shell: Shell) -> None:
    (job_id,) = await failed_jobs(shell.target)
    shown = await shell.run("jobs", "show", job_id)
    assert shown.status == 0
    for words in (
        "failed",
        "images",
        "50% (1 of 2) half way",
        "attempt 1 on w1, ",
        "TOO_LARGE: no more than 4096 wide",
    ):
        assert words in shown.out
    (document,) = (await shell.pipe("jobs", "show", job_id, "--json")).documents
    assert document["state"] == "failed"
    assert document["progress"] == {"done": 1, "total": 2, "message": "half way"}
    assert [(error["attempt"], error["reason"]) for error in document["errors"]] == [(1, "TOO_LARGE")]
    assert document["created_at"].endswith("Z")
    stamped = await shell.pipe("jobs", "show", job_id, "--utc")
    assert document["created_at"][:19] in stamped.out


@pytest.mark.parametrize(("fails", "status"), [(False, 0), (True, 1)])
async def test_a_watch_tells_each_change_until_the_end(shell: Shell, fails: bool, status: int) -> None:
    (job_id,) = await enqueue(shell.target)
    async with shell.opened("jobs", "watch", job_id) as watch:
        await watch.until("pending")
        async with working(shell.target, fails=fails) as gate:
            await watch.until("processing  attempt 1 of 4  50% (1 of 2) half way")
            gate.open()
            await watch.until("TOO_LARGE: no more than 4096 wide" if fails else "completed")
            assert await watch.status() == status
    lines = (await shell.pipe("jobs", "watch", job_id, "--json")).documents
    assert [line["state"] for line in lines] == ["failed" if fails else "completed"]
    assert lines[0]["result"] == (None if fails else {"width": 640})


async def test_one_job_is_cancelled_without_a_question(shell: Shell) -> None:
    (job_id,) = await enqueue(shell.target)
    cancelled = await shell.run("jobs", "cancel", job_id)
    assert (cancelled.status, cancelled.out) == (0, "1 job cancelled.\n")
    assert await state_of(shell, job_id) == "cancelled"
    again = await shell.pipe("jobs", "cancel", job_id)
    assert (again.status, again.err) == (3, "Error: No job was cancelled: unknown, or ended before.\n")


@pytest.mark.parametrize(("answer", "status", "state"), [("y\n", 0, "cancelled"), ("n\n", 1, "pending")])
async def test_many_are_cancelled_after_a_question(shell: Shell, answer: str, status: int, state: str) -> None:
    ids = await enqueue(shell.target, 3)
    await enqueue(shell.target, kind="crop")
    chosen = ("--queue", "images", "--kind", "resize")
    cancelled = await shell.run("jobs", "cancel", *chosen, answer=answer)
    assert "Cancel every unfinished job of queue images, kind resize?" in cancelled.out
    assert cancelled.status == status
    assert ("3 jobs cancelled." in cancelled.out) == (status == 0)
    assert [await state_of(shell, job_id) for job_id in ids] == [state] * 3


async def test_many_are_refused_where_nobody_can_be_asked_and_done_with_yes(shell: Shell) -> None:
    ids = await enqueue(shell.target, 2)
    refused = await shell.pipe("jobs", "cancel", *ids)
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "Error: Cancel 2 jobs? Nobody can be asked here: say --yes if that is meant. Nothing was done.\n"
    )
    done = await shell.pipe("jobs", "cancel", "-", "--yes", "--json", given="\n".join([*ids, UNKNOWN]).encode())
    assert sorted(done.documents, key=str) == sorted(({"job_id": one, "cancelled": True} for one in ids), key=str)
    assert done.err == f"1 of 3 was not (unknown, or ended before), the first of them {UNKNOWN}.\n"


async def test_failed_jobs_are_redriven_by_ids_and_by_what_fits(shell: Shell) -> None:
    first, second, third = await failed_jobs(shell.target, 3)
    by_id = await shell.run("jobs", "redrive", first)
    assert (by_id.status, by_id.out) == (0, "1 job redriven.\n")
    none = await shell.pipe("jobs", "redrive", "--queue", "images", "--failed-before", "2h", "--yes")
    assert (none.status, none.err) == (3, "Error: No job was redriven: none fits.\n")
    chosen = ("--queue", "images", "--reason", "TOO_LARGE", "--failed-since", "2h", "--limit", "1")
    some = await shell.run("jobs", "redrive", *chosen, answer="y\n")
    assert "Redrive at most 1 failed job of queue images, reason TOO_LARGE, failed since 20" in some.out
    assert some.out.endswith("1 job redriven.\n")
    states = [await state_of(shell, job_id) for job_id in (first, second, third)]
    assert sorted(states) == ["failed", "pending", "pending"]


async def test_every_job_that_fits_is_cancelled_in_as_many_calls_as_that_takes(shell: Shell) -> None:
    await enqueue(shell.target, 1200)
    done = await shell.pipe("jobs", "cancel", "--queue", "images", "--yes")
    assert (done.status, done.out) == (0, "1200 jobs cancelled.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name jobs by their ids, or by --queue"),
        ((UNKNOWN, "--queue", "images"), "Name jobs by their ids, or by --queue"),
        (("--kind", "resize"), "Say which queue as well: --queue NAME."),
    ],
)
@pytest.mark.parametrize("act", ["cancel", "redrive"])
async def test_jobs_are_named_in_one_way(act: str, arguments: tuple[str, ...], sentence: str) -> None:
    ended = await Shell("127.0.0.1:1").pipe("jobs", act, *arguments)
    assert ended.status == 2
    assert sentence in ended.err


async def test_what_is_enqueued_is_what_the_worker_gets(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "width").write_bytes(b"320")
    given = {
        ("--payload", "640"): 640,
        ("--payload-file", str(tmp_path / "width")): 320,
        ("-",): 160,
        ("--payload-file", "-"): 160,
    }
    async with working(shell.target) as gate, open_channel(shell.target) as channel:
        gate.open()
        for arguments, width in given.items():
            ended = await shell.pipe("enqueue", "images", "resize", *arguments, given=b"160")
            assert ended.status == 0
            job = await Producer(channel).finished_job("operator", ended.out.strip())
            assert json.loads(job.result) == {"width": width}


async def test_a_job_is_enqueued_as_the_options_say(shell: Shell) -> None:
    ended = await shell.run(
        *("enqueue", "mail", "send", "--payload", "{}", "--owner", "me", "--lane", "slow", "--priority", "-5"),
        *("--weight", "2", "--delay", "5m", "--deadline", "1h30m", "--expire-after", "2d", "--max-attempts", "7"),
        *("--unique-key", "digest"),
    )
    assert ended.status == 0
    (job,) = (await shell.pipe("jobs", "show", ended.out.strip(), "--json")).documents
    chosen = {
        name: job[name] for name in ("owner", "lane", "priority", "weight", "max_attempts", "unique_key", "state")
    }
    assert chosen == {
        "owner": "me",
        "lane": "slow",
        "priority": -5,
        "weight": 2.0,
        "max_attempts": 7,
        "unique_key": "digest",
        "state": "scheduled",
    }
    shown = await shell.run("jobs", "show", ended.out.strip())
    assert "in 4m" in shown.out
    assert "in 1d23h" in shown.out


async def test_a_repeat_and_a_namesake_give_the_first_job(shell: Shell) -> None:
    first = await shell.pipe("enqueue", "mail", "send", "--key", "k1")
    repeat = await shell.pipe("enqueue", "mail", "send", "--key", "k1")
    assert (repeat.status, repeat.out) == (0, first.out)
    assert repeat.err == "This key was used before: the first result's id is given.\n"
    named = await shell.pipe("enqueue", "mail", "send", "--unique-key", "digest")
    namesake = await shell.pipe("enqueue", "mail", "send", "--unique-key", "digest")
    assert (namesake.out, namesake.err.startswith("Its unique key is ")) == (named.out, True)
    (told,) = (await shell.pipe("enqueue", "mail", "send", "--unique-key", "digest", "--json")).documents
    assert told == {"job_id": named.out.strip(), "existing": True, "repeated_request": False}
    reused = await shell.pipe("enqueue", "mail", "other", "--key", "k1")
    assert reused.status == 1
    assert "(IDEMPOTENCY_KEY_REUSED)" in reused.err


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--payload", "1", "-"), 2, "Give the payload once: --payload, --payload-file or -."),
        (('{"width": 1}',), 2, "Give the payload with --payload, with --payload-file, or on standard input with -."),
        (("--payload-file", "/nowhere/at/all"), 1, "Cannot read /nowhere/at/all: No such file or directory."),
        (("--delay", "soon"), 2, "'soon' is no duration: write 30s, 5m, 1h30m or 7d."),
        (("--priority", "99999999999"), 2, "99999999999"),
        (("--priority", "40000"), 1, "priority"),
        (("-",), 1, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_a_job_that_cannot_be_is_refused_with_a_sentence(
    shell: Shell, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    ended = await shell.pipe("enqueue", "images", "resize", *arguments, given=b"x" * 300_000)
    assert (ended.status, ended.out) == (status, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err


async def test_what_owners_and_workers_say_cannot_steer_the_terminal(shell: Shell) -> None:
    hostile = "me\x1b]0;title\x07\u202eyou\x9b2J"
    await enqueue(shell.target, owner=hostile, lane="l\n\x1b[2J")
    async with shell.opened("jobs", "list", variables={"NO_COLOR": "1"}) as listed:
        assert await listed.status() == 0
        assert "me\\x1b]0;title\\x07\\u202eyou\\x9b2J" in listed.raw
        assert "\x1b" not in listed.raw
    in_json = await shell.pipe("jobs", "list", "--json")
    assert in_json.documents[0]["owner"] == hostile
    assert in_json.out.isascii()
