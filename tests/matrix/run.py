"""Runs the database tests on every PostgreSQL that is supported: `python -m tests.matrix.run [NAME ...]`.

A name is 14, 15, 16, 17, 18, or pgbouncer: the newest behind PgBouncer in transaction mode, with LISTEN off.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic

from tests.matrix.postgres_versions import VersionError, bring

REPOSITORY = Path(__file__).parents[2]
NEWEST = "18"
BEHIND_A_POOLER = "pgbouncer"
NAMES = ("14", "15", "16", "17", NEWEST, BEHIND_A_POOLER)

_SUMMARY = re.compile(r"(\d+ (?:passed|failed|error).*) in ")


def run(name: str) -> bool:
    """Runs them on one; says how it went in a line, and the failures where there are some."""
    began = monotonic()
    try:
        environment = _environment(name)
    except VersionError as error:
        sys.stdout.write(f"{name:>10}  not run: {error}\n")
        return False
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/database",
        "-m",
        "not long",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadfile",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    summary = _SUMMARY.search(done.stdout)
    said = summary[1] if summary else "nothing was run"
    sys.stdout.write(f"{name:>10}  {said}, {monotonic() - began:.0f} s\n")
    if done.returncode != 0:
        sys.stdout.write(done.stdout[-5_000:] + done.stderr[-2_000:])
    sys.stdout.flush()
    return done.returncode == 0


def _environment(name: str) -> dict[str, str]:
    environment = {
        key: value for key, value in os.environ.items() if key not in {"SLUICE_PG_BIN", "SLUICE_TEST_POOLER"}
    }
    if name == BEHIND_A_POOLER:
        return environment | {"SLUICE_TEST_POOLER": "1"}
    if name != NEWEST:
        return environment | {"SLUICE_PG_BIN": str(bring(int(name)))}
    return environment


if __name__ == "__main__":
    chosen = sys.argv[1:] or NAMES
    if unknown := set(chosen) - set(NAMES):
        sys.exit(f"{', '.join(sorted(unknown))}: name some of {', '.join(NAMES)}.")
    results = [run(name) for name in chosen]
    sys.exit(0 if all(results) else 1)
