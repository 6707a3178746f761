"""The page in a real browser: an archive dropped on it, the progress, the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from export_formats.samples import expected_plays, write_zip
from tests.e2e.browsing import drop, watched_page
from tests.e2e.dashboard_page import settled, totals
from tests.e2e.made_files import account_files
from tests.e2e.person import Person, new_person
from tests.e2e.plain_sql import Connection, rows, stored_plays
from tests.e2e.running_stack import RunningStack

DEMO_USER = "de300000-0000-4000-8000-000000000001"
# What the page asks for: plays of half a minute or more.
MIN_MS = 30_000


@pytest.fixture
def demo_user(stack: RunningStack) -> Iterator[Person]:
    """The one as whom the page signs itself in."""
    with new_person(stack.http, DEMO_USER) as person:
        # Others may have signed in as this one before.
        assert person.client.delete("/api/me").status_code == 200
        yield person


def assert_the_dashboard_is_right(page: Page, sql: Connection, demo_user: Person) -> None:
    """Its numbers are the API's, and these are SQL's."""
    settled(page)
    overview = demo_user.client.get("/api/listens/overview", params={"minMs": MIN_MS}).json()
    shown = totals(page)
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
    expect(page.locator("#timeline canvas")).to_be_visible()


def test_an_archive_goes_from_the_drop_to_the_dashboard(
    stack: RunningStack, sql: Connection, browser: Browser, demo_user: Person, sample: dict[str, bytes]
) -> None:
    files = sample | account_files(40, 400)
    with watched_page(browser, stack) as (page, watched):
        watched.watch_bar(page)
        page.goto(stack.http)
        drop(page, {"my_spotify_data.zip": write_zip(files)})
        # Nothing is in doubt, so it goes by itself.
        page.wait_for_url(re.compile("/uploads/"))
        expect(page.locator("#files .file[data-status=completed]")).to_have_count(len(files), timeout=30_000)
        whole = float(len(files))
        assert watched.bar[-1] == (whole, whole)
        assert len(set(watched.bar)) > 2
        page.wait_for_url(re.compile("/dashboard"))
        assert_the_dashboard_is_right(page, sql, demo_user)
        assert stored_plays(sql, DEMO_USER)[0] == expected_plays(files).plays
