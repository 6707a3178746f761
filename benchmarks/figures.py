"""How figures are told: the median of the runs, and the least and the most of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import ceil
from statistics import median


def tell(what: str, values: Sequence[float], unit: str) -> None:
    """Prints one line: what was measured, the median, the spread, and how many runs there were."""
    line = f"{what:<58} {median(values):10.2f} {unit:<8} ({min(values):.2f} to {max(values):.2f}, n={len(values)})"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell_latencies(what: str, values: Sequence[float]) -> None:
    """Prints one line of milliseconds: what was called, the median, the 95th percentile, and the spread."""
    p95 = sorted(values)[ceil(len(values) * 0.95) - 1]
    spread = f"({min(values):.1f} to {max(values):.1f}, n={len(values)})"
    line = f"{what:<44} {median(values):9.1f} ms  p95 {p95:9.1f} ms  {spread}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
