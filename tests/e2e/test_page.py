"""The page in a real browser: an archive dropped on it, the progress, the dashboard."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from export_formats.samples import expected_plays, write_zip
from tests.e2e.made_files import account_files
from tests.e2e.person import Person, new_person
from tests.e2e.plain_sql import Connection, rows, stored_plays
from tests.e2e.running_stack import RunningStack

DEMO_USER = "de300000-0000-4000-8000-000000000001"
# What the page asks for: plays of half a minute or more.
MIN_MS = 30_000

DROP = """
([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, { type: 'application/zip' }));
    document.getElementById('drop-zone').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
}
"""
# Tells of every change of the bar: seeing it now and then would miss some.
WATCH_BAR = """
new MutationObserver(() => {
    const bar = document.getElementById('progress');
    if (bar?.hasAttribute('value')) window.barShows([bar.value, bar.max]);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium")
    assert program, "The browser tests need Chromium: run make browser as root, or install it."
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@dataclass
class Watched:
    """What happened while a page was used."""

    complaints: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    bar: list[tuple[int, int]] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._note_failure)
        page.on("request", lambda request: self.origins.add(_origin(request.url)))
        page.expose_function("barShows", self._note_bar)
        page.add_init_script(WATCH_BAR)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _note_bar(self, shown: list[int]) -> None:
        self.bar.append((shown[0], shown[1]))

    def _note_failure(self, request: Request) -> None:
        # Whoever leaves a page ends what it was waiting for.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")


def _origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


@pytest.fixture
def demo_user(stack: RunningStack) -> Iterator[Person]:
    """The one as whom the page signs itself in."""
    with new_person(stack.http, DEMO_USER) as person:
        # Others may have signed in as this one before.
        assert person.client.delete("/api/me").status_code == 200
        yield person


def value_of(page: Page, selector: str) -> int:
    """Reads the number behind what a tile shows."""
    return int(page.locator(selector).get_attribute("value") or -1)


def assert_the_dashboard_is_right(page: Page, sql: Connection, demo_user: Person) -> None:
    """Its numbers are the API's, and these are SQL's."""
    expect(page.locator("#dashboard")).to_be_visible()
    overview = demo_user.client.get("/api/listens/overview", params={"minMs": MIN_MS}).json()
    shown = {name: value_of(page, f"#total-{name}") for name in ("plays", "time", "artists", "tracks")}
    assert shown == {
        "plays": overview["plays"],
        "time": overview["msPlayed"],
        "artists": overview["artists"],
        "tracks": overview["tracks"],
    }
    query = "SELECT count(*) AS plays, sum(ms_played) AS ms FROM listens WHERE user_id = %s AND ms_played >= %s"
    [counted] = rows(sql, query, DEMO_USER, MIN_MS)
    assert (shown["plays"], shown["time"]) == (counted["plays"], counted["ms"])
    top = demo_user.client.get("/api/listens/top/artists", params={"minMs": MIN_MS}).json()["items"]
    names = [name.strip() for name in page.locator("#top-artists .name").all_inner_texts()]
    assert names == [item["name"].strip() for item in top[: len(names)]]
    assert len(names) > 3
    expect(page.locator("#timeline svg")).to_be_visible()


def test_an_archive_goes_from_the_drop_to_the_dashboard(
    stack: RunningStack, sql: Connection, browser: Browser, demo_user: Person, sample: dict[str, bytes]
) -> None:
    files = sample | account_files(40, 400)
    page, watched = browser.new_page(), Watched()
    watched.watch(page)
    page.goto(stack.http)
    page.evaluate(DROP, ["my_spotify_data.zip", base64.b64encode(write_zip(files)).decode()])
    page.wait_for_url(re.compile("/uploads/"))
    expect(page.locator("#files .file[data-status=completed]")).to_have_count(len(files), timeout=30_000)
    assert watched.bar[-1] == (len(files), len(files))
    assert len(set(watched.bar)) > 2
    page.wait_for_url(re.compile("/dashboard"))
    assert_the_dashboard_is_right(page, sql, demo_user)
    assert stored_plays(sql, DEMO_USER)[0] == expected_plays(files).plays
    assert watched.complaints == []
    assert watched.origins == {stack.http}
    page.close()
