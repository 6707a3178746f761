"""Runs the database tests on every PostgreSQL that is supported: `python -m tests.matrix.run [NAME ...]`.

A name is 14, 15, 16, 17, 18, or pgbouncer: the newest behind PgBouncer in transaction mode, with LISTEN off. `oldest`
is 14, or the oldest that there is for this platform.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from tests.matrix import pooler
from tests.matrix.packages import VersionError, oldest_version
from tests.matrix.postgres_versions import bring

REPOSITORY = Path(__file__).parents[2]
NEWEST = "18"
OLDEST = "oldest"
BEHIND_A_POOLER = "pgbouncer"
NAMES = ("14", "15", "16", "17", NEWEST, BEHIND_A_POOLER)

_PYTEST = (sys.executable, "-m", "pytest", "tests/database", "-m", "not long", "-q", "-n", "2", "--dist", "loadfile")


def run(name: str) -> bool:
    """Runs them on one; says how it went in a line, and the failures where there are some."""
    sys.stdout.write(f"{name:>10}  ")
    sys.stdout.flush()
    began = monotonic()
    try:
        environment = _environment(name)
    except (VersionError, pooler.PoolerError) as error:
        sys.stdout.write(f"not run: {error}\n")
        return False
    done = subprocess.run(_PYTEST, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    sys.stdout.write(f"{_summary(done.stdout)}, {monotonic() - began:.0f} s\n")
    if done.returncode != 0:
        sys.stdout.write(done.stdout[-8_000:] + done.stderr[-2_000:])
    return done.returncode == 0


def _summary(output: str) -> str:
    """Returns pytest's last line without its time: "2 failed, 197 passed"."""
    lines = output.strip().splitlines()
    return lines[-1].partition(" in ")[0] if lines else "nothing was run"


def _environment(name: str) -> Mapping[str, str]:
    """Returns what makes the tests run on one. Raises VersionError or PoolerError where that is not to be had."""
    chosen = {"SLUICE_PG_BIN", pooler.SWITCH}
    environment = {key: value for key, value in os.environ.items() if key not in chosen}
    if name == BEHIND_A_POOLER:
        pooler.find_program()
        return environment | {pooler.SWITCH: "1"}
    return environment if name == NEWEST else environment | {"SLUICE_PG_BIN": str(bring(int(name)))}


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 where all went well on all of them."""
    if unknown := set(arguments) - {*NAMES, OLDEST}:
        sys.stderr.write(f"{', '.join(sorted(unknown))}: name some of {', '.join(NAMES)}.\n")
        return 2
    names = [str(oldest_version()) if name == OLDEST else name for name in arguments or NAMES]
    try:
        return 0 if all([run(name) for name in names]) else 1  # noqa: C419 - the rest runs after a failure too
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
