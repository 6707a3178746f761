"""How long to wait before trying again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: waits are drawn evenly from 0 to a bound that doubles."""

    base_seconds: float = 0.1
    ceiling_seconds: float = 5.0

    def seconds(self, failures: int, retry_after: float | None = None) -> float:
        """The wait after so many failures in a row, on top of what the coordinator asked for."""
        # An exponent beyond 32 adds nothing but an overflow in the end.
        bound = min(self.ceiling_seconds, self.base_seconds * 2.0 ** min(failures - 1, 32))
        return (retry_after or 0.0) + random.uniform(0.0, bound)  # noqa: S311 - spreads load, guards nothing
