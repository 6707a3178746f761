"""Credit as totals: nothing overshoots, whatever crosses."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from coordinator_client.credit import Capacity, CreditLedger
from coordinator_client.leases import ClaimedJob, Lease

_tokens = itertools.count(1)


def job(size: int = 0) -> ClaimedJob:
    return ClaimedJob(Lease(b"a" * 16, next(_tokens)), "notes", "note", 1, b"", size, 60.0)


class Hands:
    """What a worker has in hand, and a coordinator that keeps to the totals of one stream."""

    def __init__(self, capacity: Capacity, held: int = 0, stopping: int = 0) -> None:
        self.held = [job(10) for _ in range(held)]
        self.stopping = [job(10) for _ in range(stopping)]
        self.ledger = CreditLedger(capacity, self.held)
        self.sent = held
        self.grant()

    @property
    def in_hand(self) -> int:
        return len(self.held) + len(self.stopping)

    def grant(self) -> None:
        self.credit = self.ledger.grant(self.in_hand, 10 * self.in_hand)

    def send(self) -> None:
        if self.sent < self.credit.jobs_total:
            self.sent += 1
            self.held.append(job(10))
            assert self.ledger.receive(self.held[-1])

    def end(self) -> None:
        ending = self.stopping or self.held
        if ending:
            self.ledger.end(ending.pop().lease)
            self.grant()


@given(
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=0, max_value=5),
    st.lists(st.booleans(), max_size=60),
)
def test_a_coordinator_that_keeps_to_the_totals_never_passes_the_concurrency(
    concurrency: int, held: int, stopping: int, steps: list[bool]
) -> None:
    hands = Hands(Capacity(concurrency, None), held, stopping)
    bound = max(concurrency, held + stopping)
    for sends in steps:
        if sends:
            hands.send()
        else:
            hands.end()
        bound = max(concurrency, min(bound, hands.in_hand))
        assert hands.in_hand <= bound
        assert hands.credit.ended_total <= hands.credit.jobs_total


def test_a_job_that_was_not_granted_is_refused() -> None:
    ledger = CreditLedger(Capacity(1, None))
    ledger.grant(0, 0)
    assert ledger.receive(job())
    assert not ledger.receive(job())


def test_an_end_counts_for_credit_only_once_it_was_granted() -> None:
    ledger = CreditLedger(Capacity(1, None))
    ledger.grant(0, 0)
    first = job()
    ledger.receive(first)
    ledger.end(first.lease)
    assert not ledger.receive(job())


def test_a_closed_ledger_grants_what_has_come_and_takes_nothing() -> None:
    capacity = Capacity(5, 1_000)
    ledger = CreditLedger(capacity)
    ledger.grant(0, 0)
    ledger.receive(job(300))
    capacity.is_closed = True
    credit = ledger.grant(1, 300)
    assert (credit.jobs_total, credit.bytes_total, credit.ended_total) == (1, 300, 0)
    assert not ledger.receive(job())


def test_what_is_held_counts_as_sent_on_a_new_stream() -> None:
    held = [job(100), job(200)]
    ledger = CreditLedger(Capacity(5, 1_000), held)
    credit = ledger.grant(2, 300)
    assert (credit.jobs_total, credit.bytes_total, credit.ended_total) == (5, 1_000, 0)
    ledger.end(held[0].lease)
    credit = ledger.grant(1, 200)
    assert (credit.jobs_total, credit.bytes_total, credit.ended_total) == (6, 1_100, 1)


def test_a_handler_that_is_still_to_end_takes_room_and_is_not_told_of() -> None:
    stopping = job(100)
    ledger = CreditLedger(Capacity(2, 1_000))
    assert ledger.grant(1, 100).jobs_total == 1
    ledger.end(stopping.lease)
    credit = ledger.grant(0, 0)
    assert (credit.jobs_total, credit.bytes_total, credit.ended_total) == (2, 1_000, 0)


def test_a_smaller_capacity_takes_unused_credit_back_and_nothing_that_came() -> None:
    capacity = Capacity(5, None)
    hands = Hands(capacity)
    for _ in range(3):
        hands.send()
    capacity.jobs = 2
    hands.grant()
    assert hands.credit.jobs_total == 3
    hands.end()
    assert hands.credit.jobs_total == 3
    hands.end()
    assert hands.credit.jobs_total == 4
