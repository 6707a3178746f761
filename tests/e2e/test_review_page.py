"""The year in review in a real browser: its numbers, its picture, its years."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import serious_findings, sign_in, watched_page
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows
from tests.e2e.running_stack import RunningStack

ZONE = "Europe/Berlin"
YEAR = """
    SELECT count(*) AS plays, round(sum(ms_played) / 60000.0) AS minutes
    FROM listens
    WHERE user_id = %s AND ms_played >= 30000
        AND extract(year FROM played_at AT TIME ZONE 'Europe/Berlin') = %s
"""
DRAWN = "canvas => canvas.toDataURL()"


@pytest.fixture
def listener(person: Person, sample: dict[str, bytes]) -> Person:
    """Somebody with the history of four years."""
    person.ended(person.upload(sample))
    return person


def settled(page: Page) -> None:
    expect(page.locator("#poster")).to_be_visible(timeout=30_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)


def minutes(page: Page) -> int:
    return int(page.locator("#minutes").get_attribute("value") or -1)


def test_a_years_numbers_are_plain_sqls_on_the_page_and_in_the_pictures_text(
    stack: RunningStack, sql: Connection, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/review")
        settled(page)
        [counted] = rows(sql, YEAR, listener.id, 2024)
        assert minutes(page) == counted["minutes"]
        expect(page.locator(".year-hero")).to_contain_text(f"{counted['plays']:,} plays of")
        params = {"minMs": "30000", "tz": ZONE, "from": "2024-01-01", "to": "2025-01-01", "limit": "5"}
        top = listener.client.get("/api/listens/top/artists", params=params).json()["items"]
        assert page.locator("#year-artists .name").all_text_contents() == [item["name"] for item in top]
        text = page.locator("#poster").get_attribute("aria-label") or ""
        assert f"My year 2024: {counted['minutes']:,.0f} minutes" in text
        assert all(item["name"] in text for item in top)


def test_years_and_looks_live_in_the_address_and_the_back_button_undoes_them(
    stack: RunningStack, sql: Connection, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/review")
        settled(page)
        latest, ground = minutes(page), page.locator("#poster").evaluate(DRAWN)
        page.get_by_role("link", name="2022").press("Enter")
        expect(page).to_have_url(re.compile(r"\?year=2022$"))
        settled(page)
        [counted] = rows(sql, YEAR, listener.id, 2022)
        assert minutes(page) == counted["minutes"] != latest
        page.get_by_role("radio", name="Paper").check(force=True)
        expect(page).to_have_url(re.compile("look=paper"))
        assert page.locator("#poster").evaluate(DRAWN) != ground
        page.go_back()
        page.go_back()
        expect(page.locator("#minutes")).to_have_attribute("value", str(latest))


def test_the_picture_is_saved_as_it_is_shown(
    stack: RunningStack, browser: Browser, listener: Person, tmp_path: Path
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/review?year=2023")
        settled(page)
        with page.expect_download() as expected:
            page.click("#save-picture")
        assert expected.value.suggested_filename == "my-year-2023.png"
        expected.value.save_as(tmp_path / "year.png")
        content = (tmp_path / "year.png").read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", content[16:24]) == (1080, 1920)
        # A ring, names and numbers, and not just a ground.
        assert len(content) > 50_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out_whatever_the_names(
    stack: RunningStack, browser: Browser, person: Person, scheme: str
) -> None:
    names = ["<img src=x onerror=alert(1)>", "שלום עולם", "a\u202egnp.exe", "💥" * 400, "名前"]
    plays = [
        {"endTime": f"2024-01-0{day} 10:0{minute}", "artistName": name, "trackName": name, "msPlayed": 60_000}
        for day, name in enumerate(names, start=1)
        for minute in range(8 - day)
    ]
    person.ended(person.upload({"StreamingHistory_music_0.json": json.dumps(plays).encode()}))
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": 360, "height": 800}}
    with watched_page(browser, stack, **options) as (page, _):
        sign_in(page, stack, person, "/review")
        settled(page)
        assert serious_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator(".review img, .review script").count() == 0
        expect(page.locator("#year-artists .name").first).to_have_text(names[0])
        assert names[1] in (page.locator("#poster").get_attribute("aria-label") or "")


def test_a_year_without_plays_says_so(stack: RunningStack, browser: Browser, listener: Person) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, listener, "/review?year=2009")
        expect(page.get_by_role("alert")).to_contain_text("no play of half a minute or more in 2009")
