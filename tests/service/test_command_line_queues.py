"""`sluice queues`, `workers`, `audit`, `prune` and `reap`, against a real coordinator and worker."""

from typing import Any

from tests.service.administering import run_sql
from tests.service.commands import Shell
from tests.service.queue_work import enqueue, failed_jobs, working
from tests.waiting import eventually


async def limits_of(shell: Shell, queue: str) -> dict[str, Any]:
    (document,) = (await shell.pipe("queues", "list", queue, "--json")).documents
    limits: dict[str, Any] = document["limits"]
    return limits


async def test_queues_are_listed_with_what_they_do(shell: Shell) -> None:
    await enqueue(shell.target, 3)
    await enqueue(shell.target, 2, queue="mail", delay=3600)
    async with working(shell.target):
        await eventually(lambda: has_processing(shell), 20)
        listed = await shell.run("queues", "list")
        one = await shell.pipe("queues", "list", "images")
    heading, images, mail = [line.split() for line in listed.out.splitlines()]
    assert heading[:6] == ["QUEUE", "STATE", "PENDING", "SCHEDULED", "PROCESSING", "FAILED"]
    assert images[:6] == ["images", "open", "0", "0", "3", "0"]
    assert mail[:6] == ["mail", "open", "0", "2", "0", "0"]
    assert (one.status, "mail" in one.out) == (0, False)
    documents = (await shell.pipe("queues", "list", "--json")).documents
    assert [(row["queue"], row["scheduled"]) for row in documents] == [("images", 0), ("mail", 2)]
    assert all(row["counted_at"].endswith("Z") for row in documents)


async def has_processing(shell: Shell) -> bool:
    (document,) = (await shell.pipe("queues", "list", "images", "--json")).documents
    return bool(document["processing"] == 3)


async def test_one_queue_is_shown_with_its_deepest_lanes(shell: Shell) -> None:
    await enqueue(shell.target, 3, lane="slow")
    await enqueue(shell.target, 1, lane="")
    shown = await shell.run("queues", "list", "images")
    *_, heading, slow, none = [line.split() for line in shown.out.splitlines()]
    assert (heading, slow, none) == (["LANE", "PENDING"], ["slow", "3"], ["(none)", "1"])


async def test_a_queue_is_paused_and_resumed(shell: Shell) -> None:
    await enqueue(shell.target)
    paused = await shell.run("queues", "pause", "images")
    assert (paused.status, paused.out) == (0, "images is paused.\n")
    assert (await shell.pipe("queues", "pause", "images")).out == "images was paused before.\n"
    assert "paused" in (await shell.run("queues", "list")).out
    (resumed,) = (await shell.pipe("queues", "resume", "images", "--json")).documents
    assert resumed == {"queue": "images", "paused": False, "changed": True}
    unknown = await shell.pipe("queues", "pause", "imgaes")
    assert (unknown.status, unknown.err) == (
        3,
        "Error: There is no queue imgaes: `sluice queues list` shows those that there are.\n",
    )


async def test_many_queues_are_paused_after_a_question(shell: Shell) -> None:
    await enqueue(shell.target)
    await enqueue(shell.target, queue="mail")
    refused = await shell.run("queues", "pause", "images", "mail", answer="n\n")
    assert (refused.status, "Nothing was done." in refused.out) == (1, True)
    paused = await shell.pipe("queues", "pause", "images", "mail", "--yes")
    assert (paused.status, paused.out) == (0, "images is paused.\nmail is paused.\n")


async def test_limits_are_shown_changed_one_by_one_and_taken_away(shell: Shell) -> None:
    await enqueue(shell.target)
    assert (await shell.run("queues", "limits", "images")).out == "images: no limits\n"
    chosen = ("--max-depth", "10k", "--max-running", "8", "--rate", "600/m", "--burst", "20")
    changed = await shell.run("queues", "limits", "images", *chosen)
    assert changed.out == "images: depth 10,000, running 8, 10/s burst 20\nbefore: no limits\n"
    assert await limits_of(shell, "images") == {
        "max_depth": 10_000,
        "max_running": 8,
        "max_running_per_lane": None,
        "rate": {"per_second": 10.0, "burst": 20},
    }
    assert "depth 10,000, running 8" in (await shell.run("queues", "list")).out
    others = ("--max-running", "none", "--max-running-per-lane", "2", "--json")
    (document,) = (await shell.pipe("queues", "limits", "images", *others)).documents
    assert (document["limits"]["max_running"], document["previous"]["max_running"]) == (None, 8)
    assert (document["limits"]["max_running_per_lane"], document["limits"]["max_depth"]) == (2, 10_000)
    cleared = await shell.run("queues", "limits", "images", "--clear", "--max-running", "1")
    assert cleared.out.startswith("images: running 1\nbefore: depth 10,000, 2 a lane, 10/s burst 20\n")
    burst = await shell.pipe("queues", "limits", "images", "--burst", "3")
    assert (burst.status, "A burst goes with a rate: --rate 10/s." in burst.err) == (2, True)


async def test_workers_are_listed_with_what_they_hold(shell: Shell) -> None:
    alone = await shell.pipe("workers", "list")
    assert (alone.status, alone.err) == (3, "Error: No worker is connected.\n")
    await enqueue(shell.target, 2)
    async with working(shell.target):
        listed = await eventually(lambda: worker_row(shell, "half way"), 20)
        (document,) = (await shell.pipe("workers", "list", "--json")).documents
    assert listed[1:4] == ["w1", "active", "2"]
    assert (document["state"], document["held_count"], document["queues"]) == ("active", 2, ["images"])
    assert document["held"][0]["progress"] == {"done": 1, "total": 2, "message": "half way"}
    closed = await shell.pipe("workers", "list", "--closed")
    assert "left" in closed.out


async def worker_row(shell: Shell, words: str) -> list[str]:
    listed = await shell.run("workers", "list")
    return listed.out.splitlines()[1].split() if words in listed.out else []


async def test_a_worker_is_drained_by_its_name_or_its_session(shell: Shell) -> None:
    async with working(shell.target) as gate:
        (document,) = await eventually(lambda: workers(shell, 1), 20)
        drained = await shell.run("workers", "drain", document["session_id"])
        assert (drained.status, drained.out) == (0, f"w1 ({document['session_id']}) is asked to leave; it holds 0.\n")
        gate.open()
        await eventually(lambda: workers(shell, 0), 20)
    gone = await shell.pipe("workers", "drain", "w1")
    assert (gone.status, gone.err) == (3, "Error: No worker w1 is connected: `sluice workers list` shows them.\n")


async def workers(shell: Shell, count: int) -> Any:
    documents = (await shell.pipe("workers", "list", "--json")).documents
    return (documents or True) if len(documents) == count else None


async def test_all_workers_are_drained_after_a_question(shell: Shell) -> None:
    neither = await shell.pipe("workers", "drain")
    assert (neither.status, "Name workers, or say --all" in neither.err) == (2, True)
    async with working(shell.target), working(shell.target, name="w2"):
        await eventually(lambda: workers(shell, 2), 20)
        refused = await shell.pipe("workers", "drain", "--all")
        assert (refused.status, "say --yes" in refused.err) == (1, True)
        drained = await shell.run("workers", "drain", "--all", answer="y\n")
        assert drained.out.count("is asked to leave") == 2
        await eventually(lambda: workers(shell, 0), 20)


async def test_what_operators_did_is_told_newest_first(shell: Shell) -> None:
    nobody = await shell.pipe("audit")
    assert (nobody.status, nobody.err) == (3, "Error: Nobody has done anything yet.\n")
    (job_id,) = await enqueue(shell.target)
    await shell.pipe("reap")
    await shell.pipe("jobs", "cancel", job_id)
    listed = await shell.run("audit")
    _, cancel, reap = listed.out.splitlines()
    assert ("local" in cancel, "CancelJobs" in cancel, job_id in cancel) == (True, True, True)
    assert "Reap" in reap
    first, *_ = (await shell.pipe("audit", "--json", "--limit", "1")).documents
    assert (first["act"], job_id in str(first["details"]), type(first["details"])) == ("CancelJobs", True, dict)


async def test_old_jobs_are_removed_after_a_question(shell: Shell, owner_url: str) -> None:
    await failed_jobs(shell.target, 2)
    young = await shell.pipe("prune", "--older-than", "2h", "--yes")
    assert (young.status, young.err) == (3, "Error: No finished job is that old.\n")
    run_sql(owner_url, "UPDATE sluice.job_history SET finished_at = finished_at - interval '3 hours'")
    chosen = ("--older-than", "2h", "--queue", "images", "--state", "failed")
    refused = await shell.run("prune", *chosen, answer="n\n")
    assert "Remove every failed job of queue images that finished more than 2h ago?" in refused.out
    assert refused.status == 1
    one = await shell.run("prune", *chosen, "--limit", "1", answer="y\n")
    assert one.out.endswith("1 job removed.\n")
    (rest,) = (await shell.pipe("prune", *chosen, "--yes", "--json")).documents
    assert rest == {"jobs": 1}
    recent = await shell.pipe("prune", "--older-than", "5m", "--yes")
    assert (recent.status, "hour" in recent.err) == (1, True)


async def test_reaping_says_what_it_took_back(shell: Shell) -> None:
    reaped = await shell.run("reap")
    assert (reaped.status, reaped.out) == (0, "0 jobs taken back, 0 sessions closed.\n")
    assert (await shell.pipe("reap", "--json")).documents == [{"jobs": 0, "sessions": 0}]
