"""Takes the pictures of the pages that the documents show: `python -m benchmarks.pictures` writes docs/pictures."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.bench_stack import BenchStack, bench_stack
from benchmarks.live_view import at_work
from benchmarks.pages import export, through_the_api, zipped

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
EXPORT_BYTES = 6_000_000
# Of the last look at queues and workers, so that rates have a line.
SECONDS_AT_WORK = 12.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at: by whom it is named, how large, and light or dark."""

    name: str
    width: int
    height: int
    dark: bool = False


LIGHT = Look("light", 1200, 860)
DARK = Look("dark", 1200, 860, dark=True)
PHONE = Look("phone", 360, 740)


@asynccontextmanager
async def opened(browser: Browser, look: Look) -> AsyncIterator[Page]:
    """Opens a tab of that size."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.dark else "light",
        reduced_motion="reduce",
    )
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def take(page: Page, look: Look, address: str, usable: str) -> None:
    """Opens a page, waits until it can be used and everything has come, and takes its picture."""
    await page.goto(address)
    await page.locator(usable).first.wait_for()
    await page.wait_for_load_state("networkidle")
    await picture(page, address, look)


async def picture(page: Page, address: str, look: Look) -> None:
    """Writes what the window shows."""
    name = address.partition("//")[2].partition("/")[2] or "upload"
    await page.screenshot(path=FOLDER / f"{name}-{look.name}.png")


async def listener(browser: Browser, stack: BenchStack) -> None:
    """Takes those of a person with a history."""
    for look in (LIGHT, DARK, PHONE):
        async with opened(browser, look) as page:
            await take(page, look, f"{stack.http}/", "#drop-zone")
            await take(page, look, f"{stack.http}/dashboard", "#dashboard:not([hidden])")
            await take(page, look, f"{stack.http}/review", "main canvas")


async def operator(browser: Browser, stack: BenchStack) -> None:
    """Takes those of an operator, of queues at work."""
    async with at_work(stack.coordinators[0][1]):
        for look in (LIGHT, DARK, PHONE):
            async with opened(browser, look) as page:
                await page.goto(f"{stack.http}/admin")
                await page.get_by_role("button", name="Sign in as the demo operator").click()
                await page.get_by_text("images").first.wait_for()
                await asyncio.sleep(SECONDS_AT_WORK if look is LIGHT else 3.0)
                await picture(page, f"{stack.http}/admin", look)


async def take_all(stack: BenchStack) -> None:
    """Takes every picture."""
    program = shutil.which("chromium")
    assert program, "The pictures need Chromium: run make browser as root, or install it."
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        await listener(browser, stack)
        await operator(browser, stack)
        await browser.close()


def main() -> None:
    """Brings a history in and takes the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with bench_stack(workers=2) as stack:
        through_the_api(stack, zipped(export(3, EXPORT_BYTES)))
        asyncio.run(take_all(stack))


if __name__ == "__main__":
    main()
