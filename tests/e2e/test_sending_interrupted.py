"""An upload from the page that is cut off: by a reload, by the network, by the person."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import Network, sign_in, watched_page
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.running_stack import RunningStack

ROWS = 30_000
# Bytes a second: a first piece arrives within seconds, and then there is time for whatever happens.
SLOWLY, AT_A_CRAWL = 1_500_000, 100_000
CUT_SECONDS = 5.0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of some megabytes that does not compress well."""
    chance, start = random.Random(1), datetime(2015, 1, 1, tzinfo=UTC)
    history = json.dumps(
        [
            {
                "endTime": f"{start + timedelta(minutes=row):%Y-%m-%d %H:%M}",
                "artistName": f"{chance.getrandbits(2_000):x}",
                "trackName": f"Track {row}",
                "msPlayed": 60_000,
            }
            for row in range(ROWS)
        ]
    )
    path = tmp_path_factory.mktemp("large") / "endsong_0.json"
    path.write_text(history)
    return path


def begin(page: Page, stack: RunningStack, person: Person, large: Path) -> Network:
    """Sends the file slowly, and waits until a piece of it is there."""
    network = Network(page)
    network.slow(SLOWLY)
    sign_in(page, stack, person)
    with page.expect_response(lambda response: response.request.method == "PATCH", timeout=60_000):
        page.set_input_files("#file-input", large)
        page.click("#send")
    network.slow(AT_A_CRAWL)
    expect(page.locator("#send-progress")).to_be_visible()
    return network


def received(person: Person) -> tuple[str, int]:
    """The person's one upload, and how many bytes of it are there."""
    [upload] = person.client.get("/api/uploads").json()["items"]
    return upload["id"], upload["receivedBytes"] or 0


def test_a_reload_in_the_middle_goes_on_where_it_was(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person, large: Path
) -> None:
    with watched_page(browser, stack) as (page, watched):
        watched.watch_bodies(page)
        network = begin(page, stack, person, large)
        upload_id, before = received(person)
        assert 0 < before < int(page.locator("#send-progress").get_attribute("max") or 0)
        # A piece that is still being stored may make it ask again where to go on, which the browser complains of.
        watched.cut = True
        page.reload()
        network.fast()
        # Nobody does anything: it is the page that goes on.
        page.wait_for_url(re.compile(f"/uploads/{upload_id}"), timeout=60_000)
        page.wait_for_url(re.compile("/dashboard"), timeout=90_000)
        assert max(watched.bodies) <= 4_500_000
        offsets = sum(watched.bodies)
        assert offsets < person_bytes(person, upload_id, sql) + 4_500_000, "what was there was not sent again"
    assert stored_plays(sql, person.id)[0] == ROWS


def person_bytes(person: Person, upload_id: str, sql: Connection) -> int:
    """How large the archive was that came in."""
    [row] = sql.execute("SELECT expected_size FROM upload_jobs WHERE id = %s", [upload_id]).fetchall()
    assert person.status(upload_id)["totalFiles"] == 1
    return int(row["expected_size"])


def test_a_network_that_is_cut_for_five_seconds_is_told_and_overcome(
    stack: RunningStack, sql: Connection, browser: Browser, person: Person, large: Path
) -> None:
    with watched_page(browser, stack) as (page, watched):
        network = begin(page, stack, person, large)
        watched.cut = True
        since = monotonic()
        network.cut()
        expect(page.locator("#send-state")).to_contain_text("The connection is lost.", timeout=30_000)
        page.wait_for_function("until => performance.now() > until", arg=_later(page, since))
        network.fast()
        page.wait_for_url(re.compile("/uploads/"), timeout=60_000)
        watched.cut = False
        page.wait_for_url(re.compile("/dashboard"), timeout=90_000)
    assert stored_plays(sql, person.id)[0] == ROWS


def _later(page: Page, since: float) -> float:
    """The page's own time at which the network has been away long enough."""
    left = CUT_SECONDS - (monotonic() - since)
    now: float = page.evaluate("performance.now()")
    return now + max(0.0, left) * 1_000


def test_what_is_cancelled_while_it_is_sent_leaves_nothing(
    stack: RunningStack, browser: Browser, person: Person, large: Path
) -> None:
    with watched_page(browser, stack) as (page, _):
        begin(page, stack, person, large)
        page.click("#cancel-sending")
        expect(page.locator("#drop-zone")).to_be_visible()
        expect(page.locator("#past-uploads")).to_have_count(0)
        page.reload()
        expect(page.locator("#try-sample")).to_be_visible()
        expect(page.locator("#send-progress")).to_have_count(0)
    assert person.client.get("/api/uploads").json()["items"] == []


def test_where_the_browser_keeps_no_bytes_the_same_file_goes_on(
    stack: RunningStack, browser: Browser, person: Person, large: Path
) -> None:
    no_room = """
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value) {
            if (value.bundles.some(({ blob }) => blob)) throw new DOMException('full', 'QuotaExceededError');
            return put.call(this, value);
        };
    """
    with watched_page(browser, stack) as (page, watched):
        page.add_init_script(no_room)
        network = begin(page, stack, person, large)
        expect(page.locator(".sending")).to_contain_text("Keep this page open")
        upload_id, before = received(person)
        page.on("dialog", lambda dialog: dialog.accept())
        watched.cut = True
        page.reload()
        network.fast()
        expect(page.locator(".interrupted")).to_contain_text("endsong_0.json was interrupted")
        page.set_input_files("#file-input", large)
        page.click("#send")
        page.wait_for_url(re.compile(f"/uploads/{upload_id}"), timeout=60_000)
        assert before > 0
    assert len(person.client.get("/api/uploads").json()["items"]) == 1
