"""Credit as totals: nothing overshoots, whatever crosses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coordinator_client.credit import CreditLedger


@given(st.integers(min_value=1, max_value=5), st.lists(st.booleans(), max_size=60))
def test_a_coordinator_that_keeps_to_the_totals_never_passes_the_concurrency(
    concurrency: int, steps: list[bool]
) -> None:
    ledger = CreditLedger(concurrency, None)
    granted, sent, held = ledger.grant().jobs_total, 0, 0
    for sends in steps:
        if sends and sent < granted:
            assert ledger.receive(10)
            sent, held = sent + 1, held + 1
        elif held:
            ledger.end(10)
            held -= 1
            granted = ledger.grant().jobs_total
        assert held <= concurrency


def test_a_job_that_was_not_granted_is_refused() -> None:
    ledger = CreditLedger(1, None)
    ledger.grant()
    assert ledger.receive(0)
    assert not ledger.receive(0)


def test_an_end_counts_for_credit_only_once_it_was_granted() -> None:
    ledger = CreditLedger(1, None)
    ledger.grant()
    ledger.receive(0)
    ledger.end(0)
    assert not ledger.receive(0)
    ledger.grant()
    assert not ledger.receive(0)


def test_a_closed_ledger_grants_what_has_come_and_takes_nothing() -> None:
    ledger = CreditLedger(5, 1_000)
    ledger.grant()
    ledger.receive(300)
    ledger.close()
    credit = ledger.grant()
    assert (credit.jobs_total, credit.bytes_total, credit.ended_total) == (1, 300, 0)
    assert not ledger.receive(0)
