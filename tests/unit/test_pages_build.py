"""How the pages are built: what they know of the API is current, and nothing that they need has an address."""

from __future__ import annotations

import json
from pathlib import Path

from stack import pages


def test_the_types_of_the_api_are_those_of_the_gateway(tmp_path: Path) -> None:
    target = tmp_path / "schema.d.ts"
    pages.write_api_types(target)
    assert target.read_text() == (pages.WEB_FOLDER / pages.API_TYPES).read_text(), "run make api-types"


def test_the_lock_names_exact_versions_and_no_addresses() -> None:
    lock = json.loads((pages.WEB_FOLDER / "package-lock.json").read_text())
    package = json.loads((pages.WEB_FOLDER / "package.json").read_text())
    assert all(
        version[0].isdecimal() for kind in ("dependencies", "devDependencies") for version in package[kind].values()
    )
    found = {name: each for name, each in lock["packages"].items() if name}
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in found.values())


def test_pages_of_these_very_sources_are_not_built_again() -> None:
    pages.build()
    assert pages.build() is False
