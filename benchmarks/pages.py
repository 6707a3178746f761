"""What the pages cost, by `python -m benchmarks.pages`: bytes, time to interactive, and from a drop to the dashboard.

The drop is an export of 50 MB. Beside it, in the same run, the same files through the API by one client that waits for
their end: what is more than that, the page costs.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.bench_stack import BenchStack, bench_stack
from benchmarks.bench_uploads import ended, signed_in
from benchmarks.figures import tell
from export_formats.samples import sample_export
from tests.e2e.browsing import chromium

RUNS = 5
DROPS = 3
EXPORT_BYTES = 50_000_000
# By which one sees that a page can be used.
PAGES = {"/": "#drop-zone", "/dashboard": "#dashboard:not([hidden])", "/review": "main h1"}
SECONDS = 600.0


def export(seed: int, size: int) -> dict[str, bytes]:
    """Returns the files of an export of about so many bytes, of another person for each seed."""
    files: dict[str, bytes] = {}
    left, part = size, 0
    while left > 0:
        for name, content in sample_export(seed=seed * 1_000 + part, plays=18_000).items():
            files[f"part {part}/{name}"] = content
            left -= len(content)
        part += 1
    return files


def zipped(files: dict[str, bytes]) -> bytes:
    """Packs files as the provider does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def open_anew(browser: Browser, address: str, usable: str) -> tuple[float, float]:
    """Opens a page with nothing in the cache; returns the bytes that came and the seconds until it can be used."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    began = time.monotonic()
    page.goto(address)
    page.locator(usable).wait_for()
    took = time.monotonic() - began
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(received), took


def through_the_api(stack: BenchStack, packed: bytes) -> float:
    """Sends an archive in one request and asks until it has ended; returns the seconds."""
    with signed_in(stack.http) as client:
        began = time.monotonic()
        ended(client, client.post("/api/uploads/zip", files={"file": ("my_data.zip", packed)}))
        return time.monotonic() - began


def through_the_page(page: Page, stack: BenchStack, packed: bytes) -> float:
    """Hands an archive to the page and waits until it shows the dashboard; returns the seconds."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        Path(file.name).write_bytes(packed)
        page.goto(stack.http)
        page.locator("#drop-zone").wait_for()
        began = time.monotonic()
        page.locator("input[type=file]").first.set_input_files(file.name)
        page.wait_for_url("**/dashboard**", timeout=SECONDS * 1000)
        page.locator("#total-plays").wait_for()
        return time.monotonic() - began


def forget(stack: BenchStack) -> None:
    """Removes what the run before has left."""
    with signed_in(stack.http) as client:
        client.delete("/api/me").raise_for_status()


def loads(browser: Browser, stack: BenchStack) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Opens every page some times."""
    for path, usable in PAGES.items():
        yield path, [open_anew(browser, f"{stack.http}{path}", usable) for _ in range(RUNS)]


def main() -> None:
    """Measures and tells."""
    files = export(1, EXPORT_BYTES)
    packed = zipped(files)
    sizes = f"{sum(map(len, files.values())) / 1e6:.0f} MB in {len(files)} files, {len(packed) / 1e6:.1f} MB as a ZIP"
    sys.stdout.write(f"The export: {sizes}\n")
    with bench_stack(workers=2) as stack, chromium() as browser:
        through_the_api(stack, zipped(export(2, 1_000_000)))
        for path, opened in loads(browser, stack):
            tell(f"{path}: bytes that came", [received / 1000 for received, _ in opened], "kB")
            tell(f"{path}: until it can be used", [seconds * 1000 for _, seconds in opened], "ms")
        by_api, by_page = [], []
        for _ in range(DROPS):
            forget(stack)
            by_api.append(through_the_api(stack, packed))
            forget(stack)
            page = browser.new_page()
            by_page.append(through_the_page(page, stack, packed))
            page.close()
        tell("the export in one request, until it has ended", by_api, "s")
        tell("from the drop to the dashboard", by_page, "s")


if __name__ == "__main__":
    main()
