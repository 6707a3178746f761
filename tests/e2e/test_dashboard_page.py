"""The dashboard in a real browser: its numbers and address, charts by pointer and keyboard, what one takes along."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import serious_findings, sign_in, watched_page
from tests.e2e.dashboard_page import settled, table_of, totals
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows
from tests.e2e.running_stack import RunningStack

ZONE = "Europe/Berlin"
HOSTILE = [
    "<script>document.title = 'broken'</script>",
    '"><img src=x onerror="document.title = \'broken\'">',
    "=HYPERLINK(1)",
    "שלום עולם",
    "a\u202egnp.exe",
    "💥" * 400,
]
PLAYS_OF = """
    SELECT count(*) AS plays, coalesce(sum(ms_played), 0) AS time,
        count(DISTINCT nullif(artist_name, '')) AS artists,
        count(DISTINCT (artist_name, track_name)) FILTER (WHERE track_name <> '') AS tracks
    FROM listens
    WHERE user_id = %s AND ms_played >= 30000
        AND played_at >= %s::timestamp AT TIME ZONE 'Europe/Berlin'
        AND played_at < %s::timestamp AT TIME ZONE 'Europe/Berlin'
"""


@pytest.fixture
def listener(person: Person, sample: dict[str, bytes]) -> Person:
    """Somebody with the history of four years."""
    person.ended(person.upload(sample))
    return person


def counted(sql: Connection, person: Person, start: str = "2000-01-01", end: str = "2100-01-01") -> dict[str, int]:
    [found] = rows(sql, PLAYS_OF, person.id, start, end)
    return {name: int(value) for name, value in found.items()}


def asked(person: Person, route: str, **params: str) -> Any:
    response = person.client.get(f"/api/listens{route}", params={"minMs": "30000", "tz": ZONE} | params)
    assert response.status_code == 200, response.text
    return response.json()


def test_every_number_is_the_apis_and_plain_sqls(
    stack: RunningStack, sql: Connection, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/dashboard")
        settled(page)
        assert totals(page) == counted(sql, listener)
        for kind in ("artists", "tracks", "albums"):
            items = asked(listener, f"/top/{kind}")["items"]
            told = [[row[0].strip(), *row[-2:]] for row in table_of(page, f"{kind}-card")]
            assert told == [[item["name"].strip(), str(item["plays"]), str(item["msPlayed"])] for item in items]
        points = asked(listener, "/timeline")["points"]
        assert [row[1:] for row in table_of(page, "timeline-card")] == [
            [str(point["plays"]), str(point["msPlayed"])] for point in points
        ]
        cells = asked(listener, "/clock")["cells"]
        assert [row[1] for row in table_of(page, "clock-card")] == [str(cell["plays"]) for cell in cells]
        discovered = table_of(page, "discoveries-card")
        assert [sum(int(row[place]) for row in discovered) for place in (1, 2)] == [
            totals(page)["tracks"],
            totals(page)["artists"],
        ]
        sessions = asked(listener, "/sessions")["sessions"]
        assert table_of(page, "sessions-card")[0][:2] == ["Sessions", f"{sessions:,}"]
        platforms = asked(listener, "/habits")["platforms"]
        assert [row[1] for row in table_of(page, "platforms-card")] == [str(each["plays"]) for each in platforms]
        assert sum(int(row[1]) for row in table_of(page, "contents-card")) == totals(page)["plays"]
        days = {row["day"] for row in rows(sql, _DAYS, listener.id)}
        assert table_of(page, "streaks-card")[2][2].startswith(f"{len(days):,} of ")


_DAYS = """
    SELECT DISTINCT (played_at AT TIME ZONE 'Europe/Berlin')::date AS day
    FROM listens WHERE user_id = %s AND ms_played >= 30000
"""


def test_filters_live_in_the_address_and_the_back_button_undoes_them(
    stack: RunningStack, sql: Connection, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/dashboard")
        settled(page)
        everything = totals(page)
        page.select_option("#range", "2022")
        page.select_option("#kind", "podcast")
        expect(page).to_have_url(re.compile(r"/dashboard\?range=2022&kind=podcast$"))
        settled(page)
        podcasts = totals(page)
        assert (
            podcasts["plays"]
            == asked(listener, "/overview", **{"from": "2022-01-01", "to": "2023-01-01", "contentType": "podcast"})[
                "plays"
            ]
        )
        expect(page.locator("#artists-card h2")).to_have_text("Top shows")
        page.reload()
        settled(page)
        assert totals(page) == podcasts
        page.go_back()
        settled(page)
        expect(page.locator("#total-plays")).not_to_have_attribute("value", str(podcasts["plays"]))
        assert totals(page) == counted(sql, listener, "2022-01-01", "2023-01-01")
        page.go_back()
        expect(page.locator("#range")).to_have_value("all")
        settled(page)
        assert totals(page) == everything
        page.go_forward()
        expect(page.locator("#range")).to_have_value("2022")


def test_a_range_of_ones_own_counts_days_where_the_reader_is(
    stack: RunningStack, sql: Connection, browser: Browser, listener: Person
) -> None:
    # A play of early morning there is one of the evening before in New York.
    [early] = rows(sql, _EARLY, listener.id)
    day = early["day"]
    with watched_page(browser, stack, timezone_id="America/New_York") as (page, _):
        sign_in(page, stack, listener, f"/dashboard?range=custom&from={day}&to={day + timedelta(days=30)}&tz={ZONE}")
        settled(page)
        assert totals(page) == counted(sql, listener, f"{day}", f"{day + timedelta(days=31)}")
        page.fill("#to", f"{day}")
        page.locator("#to").blur()
        expect(page).to_have_url(re.compile(f"to={day}"))
        settled(page)
        assert totals(page) == counted(sql, listener, f"{day}", f"{day + timedelta(days=1)}")


_EARLY = """
    SELECT (played_at AT TIME ZONE 'Europe/Berlin')::date AS day FROM listens
    WHERE user_id = %s AND ms_played >= 30000 AND extract(hour FROM played_at AT TIME ZONE 'Europe/Berlin') < 5
    LIMIT 1
"""


def test_one_goes_into_the_timeline_by_keyboard_and_by_dragging(
    stack: RunningStack, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/dashboard?range=2022")
        settled(page)
        chart = page.get_by_role("slider", name=re.compile("Listening over time"))
        page.get_by_role("button", name="← Earlier").press("Enter")
        expect(page).to_have_url(re.compile("range=2021$"))
        settled(page)
        page.get_by_role("button", name="Zoom out").press("Enter")
        settled(page)
        page.goto(f"{stack.http}/dashboard?range=custom&from=2021-03-01&to=2024-12-31")
        settled(page)
        months = [row[0] for row in table_of(page, "timeline-card")]
        chart.focus()
        page.keyboard.press("Home")
        expect(chart).to_have_attribute("aria-valuetext", re.compile(f"^{months[0]}: "))
        page.keyboard.press("ArrowRight")
        expect(chart).to_have_attribute("aria-valuetext", re.compile(f"^{months[1]}: "))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"range=2021-0\d$"))
        expect(page.locator("#range option:checked")).to_have_text(months[1])
        settled(page)
        page.go_back()
        settled(page)
        box = page.locator("#timeline .u-over").bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=5)
        page.mouse.up()
        expect(page).to_have_url(re.compile(r"range=custom&from=202\d-\d\d-01&to=202\d-\d\d-\d\d$"))
        settled(page)


def test_what_is_shown_can_be_taken_along(
    stack: RunningStack, browser: Browser, listener: Person, tmp_path: Path
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/dashboard?range=2023")
        settled(page)
        taken = download(page, "Download Listening over time as CSV", tmp_path)
        told = list(csv.DictReader(io.StringIO(taken.read_text(encoding="utf-8-sig"))))
        points = asked(listener, "/timeline", **{"bucket": "week", "from": "2023-01-01", "to": "2024-01-01"})["points"]
        assert [(row["Plays"], row["Milliseconds"]) for row in told] == [
            (str(point["plays"]), str(point["msPlayed"])) for point in points
        ]
        assert told[0]["Week"] == "2022-12-26"
        picture = download(page, "Download Listening over time as a picture", tmp_path)
        assert (picture.suffix, picture.read_bytes()[:8]) == (".png", b"\x89PNG\r\n\x1a\n")
        drawing = download(page, "Download Days and hours as a picture", tmp_path)
        assert (drawing.suffix, drawing.read_text().count("<rect")) == (".svg", 168 + 1)


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as expected:
        page.get_by_role("button", name=name).click()
    target = folder / expected.value.suggested_filename
    expected.value.save_as(target)
    return target


def test_old_numbers_stay_dimmed_until_the_new_ones_come_and_outdated_requests_end(
    stack: RunningStack, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack, timezone_id=ZONE) as (page, _):
        sign_in(page, stack, listener, "/dashboard")
        settled(page)
        before = totals(page)
        page.route("**/api/listens/overview*2022*", lambda _: None)  # it never answers
        ended: list[str] = []
        page.on("requestfailed", lambda request: ended.append(request.url))
        page.select_option("#range", "2022")
        expect(page.locator(".tiles")).to_have_class(re.compile("stale"))
        assert totals(page) == before
        page.select_option("#range", "2023")
        settled(page)
        expect(page.locator(".tiles")).not_to_have_class(re.compile("stale"))
        assert any("overview" in url and "2022" in url for url in ended)
        assert totals(page) != before


def test_hostile_names_are_text_everywhere(
    stack: RunningStack, browser: Browser, person: Person, tmp_path: Path
) -> None:
    plays = [
        {"endTime": f"2024-01-0{day} 10:0{minute}", "artistName": name, "trackName": name, "msPlayed": 60_000}
        for day, name in enumerate(HOSTILE, start=1)
        for minute in range(8 - day)
    ]
    person.ended(person.upload({"StreamingHistory_music_0.json": json.dumps(plays).encode()}))
    shown = [item["name"] for item in asked(person, "/top/artists")["items"]]
    assert len(shown) == len(HOSTILE)
    with watched_page(browser, stack, viewport={"width": 360, "height": 700}) as (page, _):
        sign_in(page, stack, person, "/dashboard")
        settled(page)
        names = page.locator("#top-artists .name").all_text_contents()
        assert [name[:100] for name in names] == [name[:100] for name in shown]
        assert page.title() == "Dashboard · Sluice"
        assert page.locator("#dashboard script, #dashboard img").count() == 0
        assert page.locator("#top-artists .name[dir=auto]").count() == len(HOSTILE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        taken = download(page, "Download Top artists as CSV", tmp_path).read_text(encoding="utf-8-sig")
        assert "'=HYPERLINK(1)" in [row["Artists"] for row in csv.DictReader(io.StringIO(taken))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(stack: RunningStack, browser: Browser, listener: Person, scheme: str) -> None:
    for width in (360, 1_280):
        options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
        with watched_page(browser, stack, viewport={"width": width, "height": 800}, **options) as (page, _):
            sign_in(page, stack, listener, "/dashboard?range=custom&from=2022-01-01&to=2022-12-30")
            settled(page)
            table_of(page, "timeline-card")
            assert serious_findings(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            clock = page.get_by_role("slider", name=re.compile("Days and hours"))
            clock.focus()
            page.keyboard.press("ArrowLeft")
            expect(clock).to_have_attribute("aria-valuetext", re.compile(r"day, \d\d:00.\d\d:00: "))


def test_without_plays_one_is_shown_the_way(stack: RunningStack, browser: Browser, person: Person) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, person, "/dashboard")
        expect(page.locator("#no-plays a")).to_have_attribute("href", "/")


def test_a_period_without_plays_leads_back_to_all_of_them(
    stack: RunningStack, browser: Browser, listener: Person
) -> None:
    with watched_page(browser, stack) as (page, _):
        sign_in(page, stack, listener, "/dashboard?range=2009&kind=music")
        expect(page.locator("#empty-range")).to_be_visible()
        page.click("#show-all")
        settled(page)
        assert totals(page)["plays"] == listener.overview()["plays"]
