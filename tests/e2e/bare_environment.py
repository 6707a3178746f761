"""An empty virtual environment with the bare package in it: our own wheel, and what it says it needs."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from tests.e2e.running_stack import REPOSITORY

# What other programs' packages share: a folder of links is made for it.
_SHARED = "google"
_OF_INSTALLERS = {"__pycache__", ".."}


def make_bare_environment(folder: Path) -> Path:
    """Makes the environment; its Python. The network is not needed: what the wheel needs is linked from here."""
    wheel = _build_wheel(folder / "wheel")
    home = folder / "bare"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True, timeout=120)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    for needed in needs_of(Distribution.at(next(packages.glob("sluice-*.dist-info")))):
        _link(needed, packages)
    return python


def needs_of(package: Distribution) -> Iterator[Distribution]:
    """Gives what a package without extras needs, and what that needs in turn."""
    for requirement in package.requires or ():
        if "extra ==" not in requirement:
            needed = distribution(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
            yield needed
            yield from needs_of(needed)


def _build_wheel(folder: Path) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("sluice-*.whl")
    return wheel


def _link(package: Distribution, packages: Path) -> None:
    for name in {_top(path.parts) for path in package.files or ()}:
        link = packages / name
        if name.parts[0] not in _OF_INSTALLERS and not link.exists():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(Path(str(package.locate_file(name))))


def _top(parts: tuple[str, ...]) -> Path:
    """The file or folder that is the package's alone."""
    return Path(*parts[: 2 if parts[0] == _SHARED else 1])
