"""A claim stream's credit and outbox, as the coordinator keeps them."""

import asyncio
from uuid import uuid4

from coordinator.clocks import VirtualClocks
from coordinator.domain import ClaimedJob, Lease, LeaseNotice, NoticeReason
from coordinator.sessions import Delivery, Notice, Session, SessionRegistry
from coordinator.store.sessions import SessionKey, WorkerProfile
from coordinator.wakeups import Wakeups, wait_for

PROFILE = WorkerProfile("w", ("q",), ("k",))


def session(session_id: int = 1, held: dict[Lease, int] | None = None) -> Session:
    return Session(SessionKey(session_id, 1), PROFILE, held)


def job(size: int = 10, token: int = 7) -> ClaimedJob:
    return ClaimedJob(Lease(uuid4(), token), "k", 0, 1, 1, b"", size, 1000)


def test_credit_is_a_total_so_that_a_repeat_changes_nothing() -> None:
    one = session()
    one.grant(3, None, 0)
    one.grant(3, None, 0)
    assert one.wanted_jobs == 3


def test_a_claim_under_way_holds_its_credit_and_gives_back_what_it_did_not_use() -> None:
    one = session()
    one.grant(5, 100, 0)
    reservation = one.reserve(7, 5)
    assert not one.wanted_jobs
    one.settle(reservation, Delivery("q", (job(30), job(30))))
    assert (one.wanted_jobs, one.wanted_bytes) == (3, 40)


def test_credit_can_be_taken_back_as_far_as_it_is_unused() -> None:
    one = session()
    one.grant(5, None, 0)
    one.settle(one.reserve(7, 2), Delivery("q", (job(), job())))
    one.grant(1, None, 0)
    assert one.wanted_jobs == 0


def test_a_worker_holds_nothing_once_it_has_ended_all_it_was_sent() -> None:
    one = session()
    seen = [one.holds_nothing]
    one.settle(one.reserve(7, 1), Delivery("q", (job(),)))
    seen.append(one.holds_nothing)
    one.grant(2, None, 1)
    seen.append(one.holds_nothing)
    assert seen == [True, False, True]


async def test_what_was_never_sent_is_given_back_once_the_claims_are_over() -> None:
    one = session()
    reservation = one.reserve(7, 2)
    one.end()
    taking = asyncio.create_task(one.take_undelivered())
    await asyncio.wait([taking], timeout=0.05)
    assert not taking.done(), "a claim is under way"
    late = job()
    one.settle(reservation, Delivery("q", (late,)))
    assert await taking == [late.lease]


async def test_a_session_that_is_over_wakes_whoever_writes_its_stream() -> None:
    one = session()
    writing = asyncio.create_task(one.next_message())
    await asyncio.wait([writing], timeout=0.05)
    one.end()
    assert await writing is None
    assert one.wanted_jobs == 0


async def test_only_the_session_that_held_a_job_is_told_of_its_loss() -> None:
    registry = SessionRegistry()
    one, other = session(1), session(2)
    registry.add(one)
    registry.add(other)
    lost, cancelled = Lease(uuid4(), 9), Lease(uuid4(), 10)
    registry.tell(
        [
            LeaseNotice(1, lost, NoticeReason.LOST),
            LeaseNotice(1, cancelled, NoticeReason.CANCELLED),
            LeaseNotice(3, Lease(uuid4(), 1), NoticeReason.LOST),
        ]
    )
    assert await one.next_message() == Notice(lost=(lost,), cancelled=(cancelled,))
    writing = asyncio.create_task(other.next_message())
    await asyncio.wait([writing], timeout=0.05)
    assert not writing.done()
    writing.cancel()


def test_a_resumed_session_counts_what_its_worker_holds_as_sent() -> None:
    one = session(held={Lease(uuid4(), 1): 30, Lease(uuid4(), 2): 40})
    one.grant(5, 100, 0)
    assert (one.wanted_jobs, one.wanted_bytes, one.holds_nothing) == (3, 30, False)


def test_what_a_resuming_worker_does_not_name_never_reached_it() -> None:
    held, unknown = Lease(uuid4(), 1), Lease(uuid4(), 2)
    one = session(held={held: 0})
    one.grant(5, None, 0)
    fresh = job(token=3)
    one.settle(one.reserve(3, 1), Delivery("q", (fresh,)))
    assert one.is_unsettled
    assert one.undelivered([held, unknown, fresh.lease]) == [unknown]
    one.note_settled(one.doubted)
    assert not one.is_unsettled


def test_after_a_claim_whose_answer_was_lost_nothing_is_claimed_until_that_is_settled() -> None:
    one = session()
    one.grant(5, None, 0)
    one.settle(one.reserve(8, 2), None)
    assert (one.wanted_jobs, one.is_doubtful) == (0, True)
    mine, doubted = Lease(uuid4(), 7), Lease(uuid4(), 8)
    assert one.undelivered([mine, doubted]) == [doubted]
    one.note_settled(one.doubted)
    assert (one.wanted_jobs, one.is_doubtful) == (5, False)


def test_a_session_that_is_resumed_here_ends_its_former_stream() -> None:
    registry = SessionRegistry()
    former, later = session(), session()
    registry.add(former)
    registry.add(later)
    assert (former.over, former.is_lost, later.over) == (True, True, False)
    registry.remove(former)
    assert list(registry) == [later]


def test_virtual_time_never_goes_back() -> None:
    clocks = VirtualClocks()
    clocks.advance("q", 0, 5)
    clocks.merge([("q", 0, 3), ("q", 1, 9)])
    assert (clocks.read("q", 0), clocks.read("q", 1), clocks.read("other", 0)) == (5, 9, 0)


def test_only_clocks_that_moved_are_stored_and_again_where_that_failed() -> None:
    clocks = VirtualClocks()
    clocks.advance("q", 0, 5)
    clocks.merge([("q", 1, 9)])
    assert clocks.take_moved() == {("q", 0): 5}
    assert clocks.take_moved() == {}
    clocks.mark_moved([("q", 0)])
    assert clocks.take_moved() == {("q", 0): 5}


async def test_a_wake_up_reaches_those_who_listen_to_its_topic_alone() -> None:
    wakeups = Wakeups()
    with wakeups.listen(["a", "b"]) as mine, wakeups.listen(["c"]) as other:
        wakeups.wake(["b"])
        assert mine.is_set()
        assert not other.is_set()
        await wait_for(mine, 5)
        assert not mine.is_set()
        wakeups.wake_all()
        assert other.is_set()
        await wait_for(mine, 5)
    wakeups.wake(["a"])
    assert not mine.is_set()
