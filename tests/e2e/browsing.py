"""A real browser on the pages, and what is noted while it is used."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from stack.pages import WEB_FOLDER
from tests.e2e.person import Person, token_of
from tests.e2e.running_stack import RunningStack

_AXE = WEB_FOLDER / "node_modules" / "axe-core" / "axe.min.js"

_DROP = """
(files) => {
    const dataTransfer = new DataTransfer();
    for (const [name, content] of files) {
        dataTransfer.items.add(new File([Uint8Array.fromBase64(content)], name));
    }
    document.getElementById('main').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
}
"""
# Tells of every change of the bar: seeing it now and then would miss some.
_WATCH_BAR = """
new MutationObserver(() => {
    const bar = document.getElementById('progress');
    if (bar?.hasAttribute('value')) window.barShows([bar.value, bar.max]);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


# Playwright does not see bodies that are blobs. The text is that of small ones, a byte a character.
_WATCH_BODIES = """
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (body) {
    if (body instanceof Blob) {
        const told = body.size < 200_000 ? body.arrayBuffer() : Promise.resolve(new ArrayBuffer(0));
        told.then((bytes) => window.bodySent(body.size, new TextDecoder('latin1').decode(bytes)));
    }
    return send.call(this, body);
};
"""


@dataclass
class Watched:
    """What happened while a page was used; `cut` while its network is, on purpose."""

    complaints: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    bodies: list[int] = field(default_factory=list)
    sent: str = ""
    bar: list[tuple[float, float]] = field(default_factory=list)
    cut: bool = False

    def watch(self, page: Page) -> None:
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._note_failure)
        page.on("request", self._note_request)

    def watch_bodies(self, page: Page) -> None:
        """Notes the size of each piece that is sent, and what stands in small ones, from the next page on."""
        page.expose_function("bodySent", self._note_body)
        page.add_init_script(_WATCH_BODIES)

    def _note_body(self, size: int, text: str) -> None:
        self.bodies.append(size)
        self.sent += text

    def watch_bar(self, page: Page) -> None:
        """Notes what the bar shows, from the next page on."""
        page.expose_function("barShows", lambda shown: self.bar.append((shown[0], shown[1])))
        page.add_init_script(_WATCH_BAR)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not self.cut:
            self.complaints.append(message.text)

    def _note_failure(self, request: Request) -> None:
        # Whoever leaves a page ends what it was waiting for.
        if request.failure != "net::ERR_ABORTED" and not self.cut:
            self.complaints.append(f"{request.url}: {request.failure}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith("blob:"):
            self.origins.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url)))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Runs Debian's Chromium."""
    program = shutil.which("chromium")
    assert program, "The browser tests need Chromium: run make browser as root, or install it."
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()


@contextmanager
def watched_page(browser: Browser, stack: RunningStack, **options: Any) -> Iterator[tuple[Page, Watched]]:
    """Opens a tab of its own; afterwards nothing may have been complained of, and nobody else been asked anything."""
    context = browser.new_context(**options)
    page, watched = context.new_page(), Watched()
    watched.watch(page)
    try:
        yield page, watched
    finally:
        context.close()
    assert watched.complaints == [], watched.complaints
    assert watched.origins == {stack.http}, watched.origins


def sign_in(page: Page, stack: RunningStack, person: Person, path: str = "/") -> None:
    """Opens a page as somebody who comes back from signing in."""
    page.goto(f"{stack.http}{path}#access_token={token_of(person.id)}")


def drop(page: Page, files: Mapping[str, bytes]) -> None:
    """Drops files anywhere on the page."""
    expect(page.locator("#drop-zone")).to_be_visible()
    page.evaluate(_DROP, [[name, base64.b64encode(content).decode()] for name, content in files.items()])


class Network:
    """A page's network: slow, or away. (The browser heeds whoever of its debuggers spoke first, so it is all one.)"""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")

    def slow(self, bytes_a_second: int) -> None:
        """Lets the page send no faster than that."""
        self._emulate(offline=False, upload=bytes_a_second)

    def fast(self) -> None:
        """Lets the page send as fast as it can."""
        self._emulate(offline=False, upload=-1)

    def cut(self) -> None:
        """Lets nothing through."""
        self._emulate(offline=True, upload=-1)

    def _emulate(self, *, offline: bool, upload: int) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._session.send("Network.emulateNetworkConditions", conditions)


def serious_findings(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is, of what keeps people out."""
    # Evaluated, not added: the page's policy lets no script in that is not its own.
    page.evaluate(_AXE.read_text())
    found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
