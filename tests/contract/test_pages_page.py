"""The page about the pages shows pictures that are there, and names every page at the address where it is."""

import re
from pathlib import Path

from gateway import pages

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "pages.md").read_text()


def test_every_picture_is_shown_and_there() -> None:
    shown = set(re.findall(r"!\[[^\]]*\]\(pictures/([\w-]+\.png)\)", TEXT))
    shown |= set(re.findall(r"docs/pictures/([\w-]+\.png)", (DOCS.parent / "README.md").read_text()))
    taken = {path.name for path in (DOCS / "pictures").iterdir()}
    assert shown <= taken
    # Each page once in light or dark, and each on a phone.
    names = {name.removesuffix(".png").partition("-")[0] for name in taken}
    assert {f"{name}-{look}.png" for name in names for look in ("light", "dark", "phone")} == taken
    assert {f"{name}-phone.png" for name in names} <= shown


def test_every_page_is_named_with_its_address_and_file() -> None:
    routes = pages.PAGES
    headings = set(re.findall(r"^## .*: `(/\w*)`$", TEXT, re.MULTILINE))
    assert headings == {path for path in routes if "{" not in path}
    for filename in set(routes.values()) - {"index.html"}:
        assert f"`{filename}`" in TEXT
