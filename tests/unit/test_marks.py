"""Low-water marks: what was told is never left below one, and the rest is found from the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from coordinator.domain import ClaimedJob, Lease, Place
from coordinator.marks import LOWEST_PRIORITY, RESCAN_REST, RESCAN_SECONDS, Look, Marks, QueueMarks

HIGHEST_PRIORITY = 32_767


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


def at(position: int, *, kind: str = "k", priority: int = 0) -> Place:
    return Place("q", kind, priority, position)


def claimed(place: Place) -> ClaimedJob:
    return ClaimedJob(Lease(UUID(int=1), 1), place.kind, place.priority, place.position, 1, b"", 0, 1)


def covers(look: Look, place: Place) -> bool:
    """Returns whether a look reads the part of the index in which the place is."""
    return any(
        one.kind == place.kind
        and (one.from_priority, one.from_position) <= (place.priority, place.position)
        and place.priority < one.below_priority
        for one in look.ranges
    )


class Queue:
    """Marks over a clock of the test's own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.marks = QueueMarks(self.clock)

    def look(
        self, *jobs: Place, staying: Sequence[Place] = (), seconds: float = 0.1, kinds: tuple[str, ...] = ("k",)
    ) -> None:
        """Looks once, from the start where that is due; the look claims these jobs and sees those stay."""
        look = self.marks.begin(kinds)
        self.clock.now += seconds
        self.marks.finish(look, [claimed(job) for job in jobs], staying)

    def next_look(self, *kinds: str) -> Look:
        """Returns the next look as it would begin now."""
        look = self.marks.begin(kinds or ("k",))
        self.marks.give_up(look)
        return look


@pytest.fixture
def queue() -> Queue:
    return Queue()


def test_the_first_look_is_from_the_start(queue: Queue) -> None:
    look = queue.next_look("a", "b")
    assert look.whole == {"a", "b"}
    assert [(one.kind, covers(look, at(-(2**63), kind=one.kind))) for one in look.ranges] == [("a", True), ("b", True)]


def test_the_next_look_begins_at_the_last_job_that_was_claimed(queue: Queue) -> None:
    queue.look(at(3), at(7))
    look = queue.next_look()
    assert not look.whole
    assert [position for position in range(10) if covers(look, at(position))] == [7, 8, 9]


def test_only_what_is_below_a_mark_is_left_out_whatever_priorities_there_are(queue: Queue) -> None:
    queue.look(at(5, priority=-3), at(50), at(500, priority=9))
    look = queue.next_look()
    marks = {-3: 5, 0: 50, 9: 500}
    for priority in (LOWEST_PRIORITY, -4, -3, -2, -1, 0, 1, 8, 9, 10, HIGHEST_PRIORITY):
        for position in (-(2**63), 0, 4, 5, 6, 49, 50, 51, 499, 500, 501, 2**62):
            left_out = position < marks.get(priority, position)
            assert covers(look, at(position, priority=priority)) is not left_out, (priority, position)


@pytest.mark.parametrize("priority", [LOWEST_PRIORITY, HIGHEST_PRIORITY])
def test_the_outermost_priorities_have_marks_like_any_other(queue: Queue, priority: int) -> None:
    queue.look(at(5, priority=priority))
    look = queue.next_look()
    assert [covers(look, at(position, priority=priority)) for position in (4, 5)] == [False, True]
    assert covers(look, at(-(2**63), priority=1))


def test_ranges_come_in_the_order_of_claims_and_do_not_overlap(queue: Queue) -> None:
    queue.look(at(5, priority=-3), at(50), at(500, priority=9))
    ranges = queue.next_look().ranges
    assert [one.from_priority for one in ranges] == [LOWEST_PRIORITY, -3, 0, 9]
    assert [one.below_priority for one in ranges] == [-3, 0, 9, HIGHEST_PRIORITY + 1]


def test_a_kind_has_marks_of_its_own(queue: Queue) -> None:
    queue.look(at(70, kind="a"), kinds=("a", "b"))
    look = queue.next_look("a", "b")
    assert [covers(look, at(1, kind=kind)) for kind in ("a", "b")] == [False, True]


def test_a_job_that_stays_holds_the_mark_back(queue: Queue) -> None:
    queue.look(at(3), at(9), staying=[at(5)])
    look = queue.next_look()
    assert [covers(look, at(position)) for position in (4, 5, 9)] == [False, True, True]


def test_a_job_that_stays_at_a_higher_priority_holds_back_those_after_it(queue: Queue) -> None:
    queue.look(at(20))
    queue.look(at(1, priority=-1), at(30), staying=[at(2, priority=-1)])
    look = queue.next_look()
    assert covers(look, at(2, priority=-1))
    assert covers(look, at(20)), "what came after the job that stayed was not all seen"


def test_a_job_that_stays_is_found_again_when_it_is_below_the_mark(queue: Queue) -> None:
    queue.look(at(20))
    queue.clock.now += RESCAN_SECONDS
    queue.look(at(2), staying=[at(4)])
    assert covers(queue.next_look(), at(4))


def test_jobs_that_tie_with_the_last_claimed_one_are_seen(queue: Queue) -> None:
    queue.look(at(7), at(7))
    assert covers(queue.next_look(), at(7))


def test_a_place_that_is_told_lowers_the_mark_of_its_own_kind_and_priority_alone(queue: Queue) -> None:
    queue.look(at(9), at(9, priority=1), at(9, kind="b"), kinds=("k", "b"))
    queue.marks.lower(at(4))
    look = queue.next_look("k", "b")
    assert [covers(look, at(position)) for position in (3, 4)] == [False, True]
    assert not covers(look, at(8, priority=1))
    assert not covers(look, at(8, kind="b"))


def test_a_place_above_the_mark_does_not_raise_it(queue: Queue) -> None:
    queue.look(at(4))
    queue.marks.lower(at(9))
    assert covers(queue.next_look(), at(4))


def test_a_place_that_is_told_while_a_look_is_under_way_holds_the_mark_back(queue: Queue) -> None:
    queue.look(at(1))
    look = queue.marks.begin(["k"])
    queue.marks.lower(at(5))
    queue.marks.finish(look, [claimed(at(9))], [])
    assert [covers(queue.next_look(), at(position)) for position in (4, 5)] == [False, True]


def test_every_look_that_is_under_way_hears_of_a_place(queue: Queue) -> None:
    queue.look(at(1))
    looks = [queue.marks.begin(["k"]) for _ in range(3)]
    queue.marks.lower(at(5))
    for look in looks:
        queue.marks.finish(look, [claimed(at(9))], [])
        assert covers(queue.next_look(), at(5))


def test_a_look_whose_outcome_is_not_known_leaves_the_marks(queue: Queue) -> None:
    queue.look(at(6))
    look = queue.marks.begin(["k"])
    queue.marks.give_up(look)
    assert [covers(queue.next_look(), at(position)) for position in (5, 6)] == [False, True]


def test_a_look_from_the_start_rests_for_fifty_times_its_own_duration(queue: Queue) -> None:
    queue.look(at(5), seconds=0.02)
    assert queue.marks.rescan_seconds(["k"]) == pytest.approx(RESCAN_REST * 0.02)
    queue.clock.now += RESCAN_REST * 0.02 - 0.001
    assert not queue.next_look().whole
    queue.clock.now += 0.002
    assert covers(queue.next_look(), at(0))


def test_a_look_from_the_start_is_due_after_ten_seconds_however_long_the_last_one_took(queue: Queue) -> None:
    queue.look(at(5), seconds=3.0)
    assert queue.marks.rescan_seconds(["k"]) == pytest.approx(RESCAN_SECONDS)
    queue.clock.now += RESCAN_SECONDS
    assert queue.next_look().whole == {"k"}


def test_looks_from_the_mark_do_not_put_off_the_look_from_the_start(queue: Queue) -> None:
    queue.look(at(5), seconds=0.1)
    for position in range(6, 12):
        queue.look(at(position), seconds=1.0)
    assert queue.next_look().whole == {"k"}


def test_a_kind_that_is_asked_for_for_the_first_time_is_looked_for_from_the_start(queue: Queue) -> None:
    queue.look(at(5), kinds=("a",))
    look = queue.next_look("a", "b")
    assert look.whole == {"b"}
    assert queue.marks.rescan_seconds(["a", "b"]) == 0.0


def test_what_may_have_been_missed_is_looked_for_from_the_start_in_every_queue() -> None:
    marks = Marks()
    looked = {name: marks.of(name).begin(["k"]) for name in ("one", "two")}
    for name, look in looked.items():
        # As if it had taken seconds: it would rest for long.
        look.began -= 5.0
        marks.of(name).finish(look, [claimed(at(5))], [])
    assert [marks.of(name).begin(["k"]).whole for name in looked] == [frozenset()] * 2
    marks.forget()
    assert [marks.of(name).begin(["k"]).whole for name in looked] == [{"k"}] * 2


def test_a_place_lowers_the_marks_of_its_queue() -> None:
    marks = Marks()
    look = marks.of("q").begin(["k"])
    look.began -= 5.0
    marks.of("q").finish(look, [claimed(at(5))], [])
    marks.lower([Place("other", "k", 0, 1), at(3)])
    assert [covers(marks.of("q").begin(["k"]), at(position)) for position in (2, 3)] == [False, True]


@dataclass(eq=False)
class Waiting:
    """A job that is pending in the database, where a look could see it."""

    place: Place
    told: bool
    locked: bool = False


@dataclass(eq=False)
class UnderWay:
    """A look that has begun, and once it was carried out, what the database gave and what it could see then."""

    look: Look
    limit: int
    fitting: int
    answer: tuple[list[ClaimedJob], list[Place]] | None = None
    seen: list[Waiting] = field(default_factory=list)


places = st.builds(at, st.integers(0, 5), kind=st.sampled_from("ab"), priority=st.sampled_from([0, 0, 0, 1]))
kinds_asked_for = st.sampled_from([("a",), ("b",), ("a", "b")])
limits = st.integers(1, 4)


class LooksAtOnce(RuleBasedStateMachine):
    """Looks that overlap in every way, over jobs that come, are told or not, and are locked now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.waiting: list[Waiting] = []
        self.looks: list[UnderWay] = []

    @rule(places=st.lists(places, min_size=1, max_size=3), told=st.booleans())
    def jobs_become_pending(self, places: list[Place], told: bool) -> None:
        for place in places:
            self.waiting.append(Waiting(place, told))
            if told:
                self.queue.marks.lower(place)

    @precondition(lambda self: any(not job.told for job in self.waiting))
    @rule(data=st.data())
    def word_of_a_job_arrives_late(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from([job for job in self.waiting if not job.told]))
        job.told = True
        self.queue.marks.lower(job.place)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def a_job_is_locked_or_let_go(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.waiting))
        job.locked = not job.locked

    @rule(kinds=kinds_asked_for, limit=limits, fitting=limits, at_once=st.booleans())
    def a_look_begins(self, kinds: tuple[str, ...], limit: int, fitting: int, at_once: bool) -> None:
        one = UnderWay(self.queue.marks.begin(kinds), limit, fitting)
        self.looks.append(one)
        if at_once:
            self._carry_out(one)

    @precondition(lambda self: any(one.answer is None for one in self.looks))
    @rule(data=st.data())
    def a_look_is_carried_out(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(st.sampled_from([one for one in self.looks if one.answer is None])))

    @precondition(lambda self: any(one.answer is not None for one in self.looks))
    @rule(data=st.data())
    def a_look_ends(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.looks if one.answer is not None]))
        before = self._below_no_mark()
        self._finish(one)
        lost = [job for job in one.seen if job in self.waiting and job in before and job not in self._below_no_mark()]
        assert not lost, "a mark has passed jobs that the look could see and did not claim"

    @precondition(lambda self: self.looks)
    @rule(data=st.data())
    def the_outcome_of_a_look_is_lost(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.looks))
        self.looks.remove(one)
        self.queue.marks.give_up(one.look)

    @rule(seconds=st.sampled_from([0.001, 0.2, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.queue.clock.now += seconds

    @rule()
    def in_time_a_look_from_the_start_finds_every_job(self) -> None:
        self.queue.clock.now += RESCAN_SECONDS
        one = UnderWay(self.queue.marks.begin(("a", "b")), 1_000, 1_000)
        self.looks.append(one)
        self._carry_out(one)
        assert [job for job in self.waiting if not job.locked] == []
        self._finish(one)

    @invariant()
    def no_job_that_was_told_is_below_a_mark(self) -> None:
        assert [job.place for job in self.waiting if job.told and job not in self._below_no_mark()] == []

    def _below_no_mark(self) -> list[Waiting]:
        """The jobs that a look from the marks would read: as it was before a look from the start was ever due."""
        now, self.queue.clock.now = self.queue.clock.now, -1.0
        look = self.queue.next_look("a", "b")
        self.queue.clock.now = now
        assert not look.whole
        return [job for job in self.waiting if covers(look, job.place)]

    def _carry_out(self, one: UnderWay) -> None:
        """Gives what the claim statement would: up to a limit a kind, what is locked left out, a prefix that fits."""
        free: list[Waiting] = []
        seen: list[Waiting] = []
        for kind in one.look.kinds:
            found = [job for job in self.waiting if job.place.kind == kind and covers(one.look, job.place)]
            found.sort(key=_order)
            free += [job for job in found if not job.locked][: one.limit]
            seen += found[: one.limit]
            one.seen += found
        chosen = sorted(free, key=_order)[: min(one.limit, one.fitting)]
        staying: dict[str, Place] = {}
        for job in sorted(seen, key=_order):
            if job not in chosen:
                staying.setdefault(job.place.kind, job.place)
        # Without a job there is no row that could tell what stays.
        one.answer = [claimed(job.place) for job in chosen], list(staying.values()) if chosen else []
        self.waiting = [job for job in self.waiting if job not in chosen]

    def _finish(self, one: UnderWay) -> None:
        assert one.answer is not None
        self.looks.remove(one)
        self.queue.marks.finish(one.look, *one.answer)


def _order(job: Waiting) -> tuple[int, int]:
    return job.place.priority, job.place.position


TestLooksAtOnce: Any = LooksAtOnce.TestCase
TestLooksAtOnce.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
