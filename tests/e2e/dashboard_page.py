"""The dashboard in a browser, as the tests look at it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

_TOTALS = ("time", "plays", "artists", "tracks")


def settled(page: Page) -> None:
    """Waits until everything that was asked for is there."""
    expect(page.locator("#dashboard #total-plays")).to_have_attribute("value", re.compile(r"^\d+$"))
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)


def totals(page: Page) -> dict[str, int]:
    """Reads the numbers behind the tiles."""
    return {name: int(page.locator(f"#total-{name}").get_attribute("value") or -1) for name in _TOTALS}


def table_of(page: Page, card: str) -> list[list[str]]:
    """Opens the table behind a chart unless it is open, and reads it: numbers as they are, texts as shown."""
    button = page.locator(f"#{card} .tool", has_text="Table")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    expect(page.locator(f"#{card} table")).to_be_visible()
    read = """
        rows => rows.map(row => [...row.cells].map(cell => cell.querySelector('data')?.value ?? cell.textContent))
    """
    found: list[list[str]] = page.locator(f"#{card} tbody tr").evaluate_all(read)
    return found
