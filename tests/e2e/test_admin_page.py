"""The operator's page in a real browser, before two coordinators."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from psycopg.rows import dict_row

from coordinator_client import JobContext, Operator, PermanentFailure, Producer, Worker, new_job, open_channel
from coordinator_client.new_jobs import retry_policy
from stack.pages import build
from tests.e2e.browsing import Watched, serious_findings, sign_in, watched_page
from tests.e2e.failed_flood import failed_in, flood
from tests.e2e.person import new_person, token_of
from tests.e2e.plain_sql import Connection
from tests.e2e.running_stack import RunningStack, listening_addresses, running_stack
from tests.e2e.until import until

OPERATOR = "77777777-7777-4777-8777-777777777777"
FLOOD = 100_000
# The machine may be busy with other tests.
PATIENT_MS = 60_000

T = TypeVar("T")


@pytest.fixture(scope="module")
def desk_stack(quick_folder: Path) -> Iterator[RunningStack]:
    """A stack of its own, with two coordinators that count all jobs often."""
    build()
    folder = quick_folder / "desk stack"
    with running_stack(folder, "--coordinators", "2", "--workers", "1", SLUICE_RECOUNT_SECONDS="3") as running:
        yield running


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Waits long for what is expected."""
    expect.set_options(timeout=PATIENT_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def desk_sql(desk_stack: RunningStack) -> Iterator[Connection]:
    with psycopg.connect(desk_stack.database, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def desk(desk_stack: RunningStack, browser: Browser) -> Iterator[Page]:
    """The page as an operator has it; nothing may be complained of."""
    with watched_page(browser, desk_stack) as (page, _):
        page.set_default_timeout(PATIENT_MS)
        open_desk(page, desk_stack)
        yield page


def open_desk(page: Page, stack: RunningStack, search: str = "") -> None:
    token = token_of(OPERATOR, app_metadata={"sluice_role": "operator"})
    page.goto(f"{stack.http}/admin{search}#access_token={token}")
    expect(page.get_by_text("Live")).to_be_visible()


def confirm(page: Page, action: str) -> None:
    """Says yes to the question, and waits until it is answered."""
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def calls(target: str, act: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
    """Does something over a channel of its own; in a thread, for Playwright has an event loop in this one."""

    async def run() -> T:
        async with open_channel(target) as channel:
            return await act(channel)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


def enqueue(target: str, queue: str, count: int = 1, **job: Any) -> list[str]:
    jobs = [new_job(queue, "resize", b"640", **job) for _ in range(count)]
    return list(calls(target, lambda channel: Producer(channel).enqueue("me", jobs)).job_ids)


def coordinators(stack: RunningStack) -> list[str]:
    """The addresses of all coordinators."""
    pids = [pid for pid, command in stack.living().items() if "coordinator serve" in command]
    return [f"{host}:{port}" for pid in pids for host, port in listening_addresses(pid) if host == "127.0.0.1"]


@contextmanager
def working(target: str, queue: str, work: Callable[[JobContext], Coroutine[Any, Any, Any]]) -> Iterator[None]:
    """A worker of a queue, in a thread."""
    worker = Worker(target, queues=[queue], name=f"worker of {queue}", grace_seconds=1)
    worker.job("resize")(work)
    thread = threading.Thread(target=lambda: asyncio.run(worker.serve(handle_signals=False)))
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)


def queue_card(page: Page, queue: str) -> Locator:
    return page.locator(f".queue[data-queue='{queue}']")


def audit_lines(page: Page) -> list[str]:
    page.get_by_role("link", name="Audit log").click()
    expect(page.locator(".audit > li").first).to_be_visible()
    return page.locator(".audit summary").all_inner_texts()


def test_a_stranger_sees_that_there_is_nothing(desk_stack: RunningStack, browser: Browser) -> None:
    enqueue(desk_stack.grpc, "confidential")
    with new_person(desk_stack.http) as person, watched_page(browser, desk_stack) as (page, watched):
        sign_in(page, desk_stack, person, "/admin")
        expect(page.get_by_role("heading", name="404")).to_be_visible()
        assert "confidential" not in page.content()
        assert serious_findings(page) == []
        expect_only_refusals(watched)


def expect_only_refusals(watched: Watched) -> None:
    """The browser itself notes each answer that is a refusal."""
    assert all("404" in complaint for complaint in watched.complaints), watched.complaints
    watched.complaints.clear()


def test_on_a_local_stack_one_becomes_an_operator_by_a_click(desk_stack: RunningStack, browser: Browser) -> None:
    with watched_page(browser, desk_stack) as (page, watched):
        page.goto(f"{desk_stack.http}/admin")
        page.get_by_role("button", name="Sign in as the demo operator").click()
        expect(page.get_by_text("Live")).to_be_visible()
        page.goto(desk_stack.http)
        expect(page.get_by_role("link", name="Operate")).to_be_visible()
        expect_only_refusals(watched)


def test_a_pause_holds_at_every_coordinator_and_is_in_the_audit_log(desk: Page, desk_stack: RunningStack) -> None:
    enqueue(desk_stack.grpc, "paused", 3, lane="deep")
    card = queue_card(desk, "paused")
    expect(card).to_contain_text("Running")
    expect(card.locator(".figures")).to_contain_text("3")
    card.get_by_text("1 lane waits").click()
    expect(card.locator(".lanes li")).to_contain_text("deep")
    card.get_by_role("button", name="Pause paused").click()
    expect(desk.get_by_role("dialog")).to_contain_text("No worker is given a job of this queue any more")
    confirm(desk, "Pause")
    expect(card).to_contain_text("Paused")
    addresses = coordinators(desk_stack)
    assert len(addresses) == 2
    for address in addresses:
        stats = calls(address, lambda channel: Operator(channel).get_queue_stats("paused"))
        assert stats.queues[0].paused
    assert any("Paused the queue paused" in line and OPERATOR in line for line in audit_lines(desk))
    desk.get_by_role("link", name=re.compile("^Queues")).click()
    card.get_by_role("button", name="Resume paused").click()
    confirm(desk, "Resume")
    expect(card).to_contain_text("Running")


def test_limits_are_set_and_shown(desk: Page, desk_stack: RunningStack) -> None:
    enqueue(desk_stack.grpc, "limited")
    card = queue_card(desk, "limited")
    card.get_by_role("button", name="Limits").click()
    desk.get_by_label("Jobs processing at once").fill("3")
    desk.get_by_label("Claims a second").fill("0")
    desk.get_by_role("button", name="Set limits").click()
    expect(desk.get_by_role("dialog")).to_be_visible()
    desk.get_by_label("Claims a second").fill("2.5")
    confirm(desk, "Set limits")
    expect(card).to_contain_text("3 at once · 2.5/s, bursts of 2")
    card.get_by_role("button", name="Limits").click()
    expect(desk.get_by_label("Jobs processing at once")).to_have_value("3")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    expect(card.get_by_role("button", name="Limits")).to_be_focused()


def test_a_failed_job_shows_its_history_is_redriven_and_seen_to_complete(desk: Page, desk_stack: RunningStack) -> None:
    mended = threading.Event()

    async def work(job: JobContext) -> dict[str, int]:
        await job.report_progress(1, 2, "half way")
        if mended.is_set():
            return {"width": 320}
        if job.attempt == 1:
            raise RuntimeError("the store of pictures is away")
        raise PermanentFailure("TOO_LARGE", "no picture <b>wider</b> than 4096")

    policy = retry_policy(max_attempts=3, base=0.05, ceiling=0.05)
    (job_id,) = enqueue(desk_stack.grpc, "pictures", retry_policy=policy)
    with working(desk_stack.grpc, "pictures", work):
        queue_card(desk, "pictures").locator("[data-state=failed] a").click()
        row = desk.locator(f"tr[data-job='{job_id}']")
        expect(row).to_contain_text("TOO_LARGE")
        assert "state=failed" in desk.url
        assert "queue=pictures" in desk.url
        row.get_by_role("link").click()
        errors = desk.locator(".errors li")
        expect(errors).to_have_count(2)
        expect(errors.nth(0)).to_contain_text("no picture <b>wider</b> than 4096")
        expect(errors.nth(1)).to_contain_text("The handler raised RuntimeError")
        expect(errors.nth(0)).to_contain_text("worker of pictures")
        mended.set()
        detail = desk.locator(".job-detail")
        detail.get_by_role("button", name="Redrive").click()
        confirm(desk, "Redrive")
        expect(desk.locator(".said")).to_contain_text("1 job redriven")
        expect(detail).to_contain_text("Completed")
        expect(detail).to_contain_text('"width": 320')
    desk.reload()
    expect(detail).to_contain_text(job_id)
    detail.get_by_role("button", name="Close").focus()
    desk.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    assert any("Redrove 1 job" in line and OPERATOR in line for line in audit_lines(desk))


def test_a_worker_is_seen_at_work_and_drained(desk: Page, desk_stack: RunningStack) -> None:
    may_end = threading.Event()

    async def work(job: JobContext) -> None:
        await job.report_progress(30, 40, "page 30")
        await asyncio.to_thread(may_end.wait, 120)

    enqueue(desk_stack.grpc, "drained")
    with working(desk_stack.grpc, "drained", work):
        desk.get_by_role("link", name=re.compile("^Workers")).click()
        worker = desk.locator(".worker[data-worker='worker of drained']")
        expect(worker).to_contain_text("30 of 40")
        expect(worker).to_contain_text("page 30")
        worker.get_by_role("button", name="Drain").click()
        expect(desk.get_by_role("dialog")).to_contain_text("It finishes 1 job that it holds")
        confirm(desk, "Drain")
        expect(worker).to_contain_text("Draining")
        may_end.set()
        expect(worker).to_contain_text("Left")


def test_jobs_are_chosen_and_cancelled_or_found_by_their_id(desk: Page, desk_stack: RunningStack) -> None:
    ids = enqueue(desk_stack.grpc, "chosen", 3, delay=3600)
    desk.get_by_role("link", name="Jobs", exact=True).click()
    desk.get_by_label("Queue", exact=True).select_option("chosen")
    expect(desk.locator("tr[data-job]")).to_have_count(3)
    for job_id in ids[:2]:
        desk.get_by_label(f"Choose the job {job_id}").check()
    desk.get_by_role("button", name="Cancel 2").click()
    expect(desk.get_by_role("dialog")).to_contain_text("This cannot be undone")
    confirm(desk, "Cancel the jobs")
    expect(desk.locator("tr[data-job]", has_text="Cancelled")).to_have_count(2)
    expect(desk.locator(f"tr[data-job='{ids[2]}']")).to_contain_text("Scheduled")
    desk.get_by_label("State", exact=True).select_option("unfinished")
    expect(desk.locator("tr[data-job]")).to_have_count(1)
    desk.get_by_role("button", name="Cancel all that fit").click()
    confirm(desk, "Cancel all")
    expect(desk.get_by_text("No job fits.")).to_be_visible()
    desk.get_by_label("Id of a job").fill("no id")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("That is no id of a job")
    desk.get_by_label("Id of a job").fill(f" {ids[0]} ")
    desk.keyboard.press("Enter")
    expect(desk.locator(".job-detail")).to_contain_text("Cancelled")
    desk.go_back()
    expect(desk.locator(".job-detail")).to_have_count(0)


def test_a_hundred_thousand_failed_jobs_stay_usable(desk: Page, desk_stack: RunningStack, desk_sql: Connection) -> None:
    enqueue(desk_stack.grpc, "flood")
    flood(desk_sql, "flood", FLOOD)
    open_desk(desk, desk_stack, "?view=jobs&state=failed&queue=flood")
    rows = desk.locator("tr[data-job]")
    expect(rows).to_have_count(50)
    first = rows.first.get_attribute("data-job")
    desk.get_by_role("button", name="Older").click()
    expect(desk.get_by_text("Page 2")).to_be_visible()
    expect(rows).to_have_count(50)
    assert rows.first.get_attribute("data-job") != first
    desk.get_by_role("button", name="Newer").click()
    expect(desk.get_by_text("Page 1")).to_be_visible()
    desk.get_by_label("Reason of the last error").fill("RARE")
    desk.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("RARE")
    desk.get_by_role("button", name="Redrive all that fit").click()
    expect(desk.get_by_role("dialog")).to_contain_text("of flood, with the reason RARE")
    confirm(desk, "Redrive all")
    expect(desk.locator(".said")).to_contain_text("1 job redriven")
    assert failed_in(desk_sql, "flood") == FLOOD - 1


def test_a_bulk_redrive_shows_how_far_it_is_and_can_be_stopped(
    desk: Page, desk_stack: RunningStack, desk_sql: Connection
) -> None:
    enqueue(desk_stack.grpc, "bulk")
    flood(desk_sql, "bulk", 3_500)
    flood(desk_sql, "bulk", 10, kind="other")
    open_desk(desk, desk_stack, "?view=jobs&state=failed&queue=bulk&kind=resize")
    expect(desk.locator("tr[data-job]")).to_have_count(50)
    desk.get_by_role("button", name="Redrive all that fit").click()
    dialog = desk.get_by_role("dialog")
    steps: list[Route] = []

    def hold_the_third(route: Route) -> None:
        steps.append(route)
        if len(steps) != 3:
            route.continue_()

    desk.route("**/api/admin/jobs/redrive", hold_the_third)
    dialog.get_by_role("button", name="Redrive all").click()
    expect(dialog).to_contain_text("2,000 so far")
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog).to_have_count(0)
    steps[2].continue_()
    expect(desk.locator(".said")).to_contain_text("3,000 jobs redriven. Stopped before the rest.")
    assert failed_in(desk_sql, "bulk") == 510
    desk.get_by_role("button", name="Redrive all that fit").click()
    confirm(desk, "Redrive all")
    assert until(lambda: failed_in(desk_sql, "bulk") == 10)
    expect(desk.get_by_text("No job fits.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nobody_is_kept_out_of_any_part(
    desk_stack: RunningStack, browser: Browser, desk_sql: Connection, scheme: str, width: int
) -> None:
    ids = enqueue(desk_stack.grpc, "shown", 3)
    flood(desk_sql, "shown", 2)
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with watched_page(browser, desk_stack, **options) as (page, _):
        page.set_default_timeout(PATIENT_MS)
        for search, awaited in (
            ("", ".queue"),
            ("?view=workers", ".worker"),
            (f"?view=jobs&queue=shown&job={ids[0]}", ".job-detail .facts"),
            ("?view=audit", ".desk-head"),
        ):
            open_desk(page, desk_stack, search)
            expect(page.locator(awaited).first).to_be_visible()
            assert serious_findings(page) == [], search
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{search} is too wide"
        open_desk(page, desk_stack)
        queue_card(page, "shown").get_by_role("button", name="Pause shown").press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert serious_findings(page) == []
        page.keyboard.press("Escape")
        expect(queue_card(page, "shown").get_by_role("button", name="Pause shown")).to_be_focused()


def test_a_coordinator_that_is_away_is_told_and_found_again(desk_stack: RunningStack, browser: Browser) -> None:
    pids = [pid for pid, command in desk_stack.living().items() if "coordinator serve" in command]
    with watched_page(browser, desk_stack) as (page, watched):
        open_desk(page, desk_stack)
        watched.cut = True
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            expect(page.get_by_text(re.compile("No answer for"))).to_be_visible()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        expect(page.get_by_text("Live")).to_be_visible()
