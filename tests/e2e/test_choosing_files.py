"""What the upload page says of files before anything of them is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect

from export_formats.samples import other_files, sample_export, write_zip
from tests.e2e.browsing import drop, serious_findings, sign_in, watched_page
from tests.e2e.made_files import account_file
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.running_stack import RunningStack

HOSTILE = '<img src=x onerror="alert(1)">\u202e\u0007🎧' + "long" * 2_500
SAMPLE = sample_export(seed=3, plays=600)
ACCOUNT = {name: content for name, content in SAMPLE.items() if "Account" in name}
EXTENDED = {name: content for name, content in SAMPLE.items() if "Extended" in name}


def send_and_wait(page: Page) -> str:
    """Sends what was recognised, and gives the upload's id once it has ended."""
    page.click("#send")
    page.wait_for_url(re.compile("/uploads/"))
    expect(page.locator("#finished")).to_be_visible(timeout=60_000)
    return page.url.rpartition("/")[2]


def test_two_archives_and_files_are_named_for_what_they_are_and_go_as_one_upload(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person
) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        drop(
            page,
            {
                "my_spotify_data.zip": write_zip(ACCOUNT | other_files(0)),
                "my_spotify_data (1).zip": write_zip(EXTENDED),
                "logs.zip": write_zip({f"TechnicalLog{n}.json": b'[{"timestamp_utc": 1}]' for n in range(30)}),
                "endsong_9.json": account_file(20, 500),
                "endsong_8.json": b"[{",
                "cat.jpg": b"meow",
            },
        )
        titles = page.locator(".package-title")
        expect(titles).to_have_text(
            [
                "Account data",
                "Extended streaming history",
                "Account data",
                "Technical log: no listening history in it",
            ]
        )
        expect(page.locator(".review")).to_contain_text("30 other files stay here: technical log")
        # One of them is damaged: nothing goes before the person has seen that.
        expect(page.locator("#wait")).to_have_count(0)
        assert not any("/api/uploads/tus" in url for url in page.evaluate("performance.getEntries().map(e => e.name)"))
        assert serious_findings(page) == []
        upload_id = send_and_wait(page)
        status = person.status(upload_id)
        sent = {name.rpartition("/")[2] for name in SAMPLE} | {"endsong_9.json"}
        assert {file["filename"] for file in status["files"]} == sent
        assert status["filename"] == "my_spotify_data.zip and 2 more"
        assert stored_plays(sql, person.id)[0] == status["insertedRecords"] - status["supersededRecords"]
        assert len(person.client.get("/api/uploads").json()["items"]) == 1
        expect(page.locator("#history")).to_contain_text("Extended history")
        expect(page.locator("#history .card-title")).to_have_text(f"{stored_plays(sql, person.id)[0]:,} new plays")


def test_whoever_wants_to_look_first_stops_the_clock(stack: RunningStack, browser: Browser, person: Person) -> None:
    with watched_page(browser, stack) as (page, _):
        page.clock.install()
        sign_in(page, stack, person)
        drop(page, {"endsong_0.json": account_file(10)})
        page.clock.run_for(2_000)
        expect(page.locator("#send")).to_have_text("Send 1 file in 3 s")
        page.click("#wait")
        page.clock.run_for(30_000)
        expect(page.locator("#send")).to_have_text("Send 1 file")
    assert person.client.get("/api/uploads").json()["items"] == []


def test_nothing_personal_in_an_archive_leaves_the_machine(
    stack: RunningStack, browser: Browser, person: Person
) -> None:
    with watched_page(browser, stack) as (page, watched):
        watched.watch_bodies(page)
        sign_in(page, stack, person)
        secret = b"my-street-and-number"
        stored = {"Userdata.json": secret, "Identity.json": secret, "endsong_0.json": account_file(50)}
        drop(page, {"data.zip": write_zip(stored)})
        send_and_wait(page)
        assert "endsong_0.json" in watched.sent
        assert "Userdata" not in watched.sent
        assert "Identity" not in watched.sent


def test_a_folder_is_looked_through(stack: RunningStack, browser: Browser, person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "MyData" / "inner"
    folder.mkdir(parents=True)
    (folder / "StreamingHistory0.json").write_bytes(account_file(30))
    (folder / "Playlist1.json").write_text("{}")
    (folder / "Streaming_History_Audio_2020.json").write_text("[{")
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        page.set_input_files("#folder-input", tmp_path / "MyData")
        expect(page.locator(".review .card-title")).to_have_text("1 file with plays")
        expect(page.locator(".package .problem")).to_contain_text("The file is not JSON, or damaged.")
        expect(page.locator(".package")).to_contain_text("1 other file stays here: your playlists")
        # Something was damaged: it waits for the person.
        expect(page.locator("#wait")).to_have_count(0)
        upload_id = send_and_wait(page)
        assert person.status(upload_id)["filename"] == "MyData"
        expect(page.locator("#errors")).to_contain_text("Streaming_History_Audio_2020.json")


def test_a_drop_without_a_history_says_so_and_sends_nothing(
    stack: RunningStack, browser: Browser, person: Person
) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        drop(page, {"notes.txt": b"hello", "cut.zip": write_zip(ACCOUNT)[:2_000], "empty.json": b""})
        expect(page.locator(".review .card-title")).to_have_text("No listening history in there")
        expect(page.locator("#send")).to_have_count(0)
        expect(page.locator(".problem-list")).to_contain_text("only a part of one. Download it again.")
        page.click("#start-over")
        expect(page.locator("#drop-zone")).to_be_visible()
    assert person.client.get("/api/uploads").json()["items"] == []


def test_hostile_names_are_text_on_every_page(stack: RunningStack, browser: Browser, person: Person) -> None:
    row = {"endTime": "2024-01-01 10:00", "artistName": HOSTILE[:400], "trackName": HOSTILE[:400], "msPlayed": 60_000}
    with watched_page(browser, stack, viewport={"width": 360, "height": 800}) as (page, _):
        sign_in(page, stack, person)
        drop(page, {HOSTILE + ".json": json.dumps([row]).encode(), "שלום.json": account_file(5)})
        # The long name has lost its end, and with it what it said of itself.
        expect(page.locator(".review")).to_be_visible()
        expect(page.locator("img[src=x]")).to_have_count(0)
        page.click("#start-over")
        drop(page, {'<b onclick="x">.json': json.dumps([row]).encode(), "שלום.json": account_file(5)})
        expect(page.locator(".found-file .name").first).to_have_text('<b onclick="x">.json')
        upload_id = send_and_wait(page)
        page.goto(f"{stack.http}/uploads/{upload_id}")
        expect(page.locator("#files .name").first).to_have_text('<b onclick="x">.json')
        page.goto(f"{stack.http}/")
        expect(page.locator("#past-uploads .name")).to_have_attribute("dir", "auto")
        page.goto(f"{stack.http}/dashboard")
        expect(page.locator("#top-artists")).to_contain_text("<img src=x")
        assert page.locator("img[src=x]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_can_be_used_by_keyboard_alone(stack: RunningStack, browser: Browser, person: Person) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person)
        expect(page.locator("#try-sample")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator(".skip-link")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#file-input")).to_be_focused()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        chooser.value.set_files(FilePayload(name="a.json", mimeType="application/json", buffer=account_file(40)))
        expect(page.locator("#send")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/uploads/"))
        expect(page.locator("#finished")).to_be_visible(timeout=60_000)


def test_the_pages_keep_nobody_out_in_light_and_dark(stack: RunningStack, browser: Browser, person: Person) -> None:
    upload_id = person.upload({"a.json": account_file(40), "b.json": b'[{"endTime": "x", "trackName": 1}]'})
    person.ended(upload_id)
    for scheme in ("light", "dark"):
        with watched_page(browser, stack, color_scheme=scheme) as (page, _):
            sign_in(page, stack, person)
            expect(page.locator("#past-uploads")).to_be_visible()
            expect(page.locator("html")).to_have_attribute("data-theme", scheme)
            assert serious_findings(page) == [], scheme
            page.goto(f"{stack.http}/uploads/{upload_id}")
            expect(page.locator("#history")).to_be_visible()
            page.locator("#rejections summary").click()
            assert serious_findings(page) == [], scheme
