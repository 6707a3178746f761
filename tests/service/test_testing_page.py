"""What docs/testing.md shows is run as it stands there, in a project of its own."""

from __future__ import annotations

import re

import pytest

from coordinator_client.testing import plugin
from tests.shown_code import REPOSITORY, shown_files

pytest_plugins = ["pytester"]


@pytest.mark.timeout(240)
def test_the_tests_of_the_page_pass(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\naddopts = -p no:cacheprovider\n"
    )
    files = shown_files("docs/testing.md")
    assert sorted(files) == ["app.py", "test_app.py", "test_settings.py"]
    for name, content in files.items():
        (pytester.path / name).write_text(content)
    pytester.runpytest_subprocess(timeout=200).assert_outcomes(passed=3)


def test_the_page_tells_every_fixture() -> None:
    told = re.findall(r"^\| `(sluice_\w+)` \|", (REPOSITORY / "docs" / "testing.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(name for name in vars(plugin) if name.startswith("sluice_"))
