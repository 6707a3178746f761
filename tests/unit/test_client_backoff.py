"""Waits between tries."""

from __future__ import annotations

import statistics

from coordinator_client.backoff import Backoff


def test_waits_are_spread_from_nothing_to_a_bound_that_doubles_up_to_the_ceiling() -> None:
    backoff = Backoff(base_seconds=1, ceiling_seconds=8)
    for failures, bound in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (10_000, 8)]:
        waits = [backoff.seconds(failures) for _ in range(2_000)]
        assert 0 <= min(waits) < 0.05 * bound
        assert 0.95 * bound < max(waits) <= bound
        assert abs(statistics.mean(waits) - bound / 2) < 0.1 * bound


def test_what_the_coordinator_asks_for_comes_on_top() -> None:
    backoff = Backoff(base_seconds=1, ceiling_seconds=8)
    assert all(30 <= backoff.seconds(1, retry_after=30) <= 31 for _ in range(100))
