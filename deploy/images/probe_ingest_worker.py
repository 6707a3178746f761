"""A health check for a worker's container: exits 0 while this container has a connection to a coordinator.

A worker listens nowhere. Its claim stream is always open while all is well, and both sides ping it, so that a dead
connection is closed within seconds: looking whether one stands asks nothing of the worker. Linux only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# The files of the kernel that list this network namespace's connections; each is there if the protocol is.
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

_ESTABLISHED = "01"


def main() -> None:
    """Exits 0 where a connection stands, otherwise 1."""
    target = os.environ.get("SLUICE_COORDINATOR_TARGET") or "127.0.0.1:50051"
    lines = (line for table in TABLES if table.exists() for line in table.read_text().splitlines()[1:])
    if target_ports(target).isdisjoint(connected_ports(lines)):
        sys.exit(f"No connection to {target}.")


def target_ports(target: str) -> set[int]:
    """Returns the ports of a target as the client takes it: one "host:port" or several with commas between."""
    return {int(address.rpartition(":")[2]) for address in target.split(",")}


def connected_ports(lines: Iterator[str]) -> set[int]:
    """Returns the far ports of the connections that stand; a line is: number, here, there, state, more."""
    fields = (line.split() for line in lines)
    return {int(there.rpartition(":")[2], 16) for _, _, there, state, *_ in fields if state == _ESTABLISHED}


if __name__ == "__main__":
    main()
