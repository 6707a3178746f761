"""The pages' sources obey the Content-Security-Policy that they are served with, whatever a name or an answer holds."""

import re
from pathlib import Path

import pytest

_WEB = Path(__file__).parents[3] / "gateway" / "web"
_SOURCES = sorted(
    path
    for path in (*_WEB.glob("*.html"), *(_WEB / "src").rglob("*"))
    if path.suffix in {".html", ".ts", ".tsx", ".css"}
)
# Each turns text into markup or code. What Preact is given as a style goes through the element's own object.
_DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment"
    r"|dangerouslySetInnerHTML|setAttribute\('(?:style|on)|javascript:|<script>|<style|\bstyle=\"|\bon[a-z]+=\""
)
_ADDRESS = re.compile(r"(?<!href=\"https:)//[a-z0-9-]+\.[a-z]", re.IGNORECASE)


def _name(path: Path) -> str:
    return str(path.relative_to(_WEB))


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_no_text_becomes_markup_or_code(path: Path) -> None:
    assert _DANGEROUS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    """A link that a person follows may lead anywhere."""
    assert _ADDRESS.findall(path.read_text(encoding="utf-8")) == []


def test_the_sources_are_found() -> None:
    assert {"index.html", "src/shell/page.tsx", "src/shell/tokens.css"} <= {_name(path) for path in _SOURCES}
