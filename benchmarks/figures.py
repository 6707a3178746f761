"""How figures are told: the median of the runs, and the least and the most of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median


def tell(what: str, values: Sequence[float], unit: str) -> None:
    """Prints one line: what was measured, the median, the spread, and how many runs there were."""
    line = f"{what:<58} {median(values):10.2f} {unit:<8} ({min(values):.2f} to {max(values):.2f}, n={len(values)})"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
