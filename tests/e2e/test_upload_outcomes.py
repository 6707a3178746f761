"""What becomes of uploads and of a person's data, as the pages show it."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import drop, serious_findings, sign_in, watched_page
from tests.e2e.made_files import account_file, account_files
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, holder_of, stored_plays
from tests.e2e.running_stack import RunningStack
from tests.e2e.until import until

BROKEN_LATER = account_file(3_000)[:-200]


def open_upload(page: Page, stack: RunningStack, person: Person, upload_id: str) -> None:
    sign_in(page, stack, person, f"/uploads/{upload_id}")


def test_refused_files_and_rejected_rows_are_told_in_plain_words(
    stack: RunningStack, browser: Browser, person: Person
) -> None:
    bad_row = [{"endTime": "never", "artistName": "A", "trackName": "B", "msPlayed": 1}]
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        rows = json.loads(account_file(10)) + bad_row
        drop(page, {"endsong_0.json": json.dumps(rows).encode(), "endsong_1.json": BROKEN_LATER})
        page.click("#send")
        page.wait_for_url(re.compile("/uploads/"))
        expect(page.locator("#finished")).to_be_visible(timeout=60_000)
        expect(page.locator("#upload-state")).to_have_text("Done, but 1 of 2 files failed")
        expect(page.locator("#errors .problem")).to_have_count(1)
        expect(page.locator("#errors")).to_contain_text("trying the same file again would not help")
        expect(page.locator("#rejections")).to_contain_text("1 row with a time that cannot be read")
        page.locator("#rejections summary").click()
        expect(page.locator("#rejections tbody tr")).to_contain_text(["endsong_0.json11"])
        # Something went wrong, so it stays for the person to see it.
        expect(page.locator("#stay")).to_have_count(0)
        assert serious_findings(page) == []


def test_a_failed_file_is_tried_again_by_a_button(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person
) -> None:
    upload_id = person.upload({"large.json": account_file(120_000)})
    [file] = person.status(upload_id)["files"]
    worker = until(lambda: holder_of(sql, file["id"]))
    assert worker is not None
    sql.execute("UPDATE sluice.jobs SET max_attempts = attempt WHERE file_id = %s", [file["id"]])
    os.kill(worker, signal.SIGKILL)
    assert person.ended(upload_id)["files"][0]["retryable"] is True
    with watched_page(browser, stack) as (page, _):
        open_upload(page, stack, person, upload_id)
        expect(page.locator("#errors")).to_contain_text("You can try it again.")
        page.click("#retry")
        page.wait_for_url(re.compile("/dashboard"), timeout=90_000)
    assert stored_plays(sql, person.id)[0] == 120_000


def test_an_upload_under_way_is_cancelled_by_a_button(stack: RunningStack, browser: Browser, person: Person) -> None:
    upload_id = person.upload(account_files(40, 4_000))
    with watched_page(browser, stack) as (page, _):
        open_upload(page, stack, person, upload_id)
        page.click("#cancel")
        expect(page.locator("#finished")).to_be_visible(timeout=30_000)
        page.goto(stack.http)
        expect(page.locator("#past-uploads .state")).to_have_text(re.compile("Cancelled|Done"))
    assert any(file["status"] == "cancelled" for file in person.status(upload_id)["files"])


def test_an_upload_without_plays_is_removed_and_one_with_plays_names_the_way(
    stack: RunningStack, browser: Browser, person: Person
) -> None:
    empty, full = person.upload({"empty.json": b"[]"}), person.upload({"full.json": account_file(30)})
    for upload_id in (empty, full):
        person.ended(upload_id)
    with watched_page(browser, stack) as (page, watched):
        sign_in(page, stack, person)
        for upload_id in (empty, full):
            # The browser writes down each answer of the 400s by itself.
            watched.cut = upload_id == full
            row = page.locator(f"[data-upload-id='{upload_id}']")
            row.get_by_role("button").click()
            page.get_by_role("button", name="Remove it").click()
            if upload_id == empty:
                expect(row).to_have_count(0)
            else:
                expect(row).to_contain_text("They go with everything else by “Delete my data” below.")
        watched.cut = False
    assert [each["id"] for each in person.client.get("/api/uploads").json()["items"]] == [full]


@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_everything_is_exported_into_a_file(
    stack: RunningStack, browser: Browser, person: Person, file_format: str
) -> None:
    person.ended(person.upload({"full.json": account_file(30)}))
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        with page.expect_download() as download:
            page.click(f"text=Export as {file_format.upper()}")
        assert download.value.suggested_filename == f"listening-history.{file_format}"
        content = download.value.path().read_bytes()
    assert content == person.client.get(f"/api/listens/export?format={file_format}").content


def test_all_data_is_deleted_after_a_question_and_not_without(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person
) -> None:
    person.ended(person.upload({"full.json": account_file(30)}))
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        page.click("#delete-my-data")
        expect(page.get_by_role("dialog")).to_contain_text("30 plays, every upload")
        assert serious_findings(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert stored_plays(sql, person.id)[0] == 30
        page.click("#delete-my-data")
        page.get_by_role("button", name="Delete everything").click()
        expect(page.locator("#your-data")).to_contain_text("30 plays and 1 upload were removed.")
    assert stored_plays(sql, person.id)[0] == 0


def test_a_sample_is_tried_and_removed_again(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person
) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        page.click("#try-sample")
        page.click("#send")
        page.wait_for_url(re.compile("/dashboard"), timeout=90_000)
        assert stored_plays(sql, person.id)[0] > 3_000
        page.goto(stack.http)
        expect(page.locator("#try-sample")).to_have_count(0)
        page.click("#remove-sample")
        expect(page.locator("#try-sample")).to_be_visible()
    assert stored_plays(sql, person.id)[0] == 0
