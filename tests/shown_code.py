"""The code that a page of the docs shows, so that tests can run it."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
# Where a page says that the coordinator is.
ADDRESS = "127.0.0.1:50051"

_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_NAME = re.compile(r"# (\w+\.py)\n")


def shown_programs(page: str) -> list[str]:
    """The blocks of Python of a page, in order."""
    return _BLOCK.findall((REPOSITORY / page).read_text())


def shown_files(page: str) -> dict[str, str]:
    """The files of a page, each of the blocks that begin with its name, one after the other."""
    files: dict[str, str] = {}
    for block in shown_programs(page):
        name = _NAME.match(block)
        assert name is not None, f"a block of {page} does not say of which file it is:\n{block}"
        files[name[1]] = files.get(name[1], "") + block
    return files
