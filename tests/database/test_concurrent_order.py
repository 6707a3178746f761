"""The plays left are a function of the set of files, which several at once commit through two coordinators."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.listen_domain import CommitOutcome
from coordinator.services.file_commits import CommitLimits
from export_formats.samples import every_export, tell_truth
from export_formats.samples.truth import Truth
from tests.database.listen_calls import Listening, listening
from tests.database.parsed_files import commit_content
from tests.database.small_histories import account, extended, file_of, small_history
from tests.database.stored_plays import connect
from tests.told_plays import assert_told_plays

_PEOPLE = 3
_WORKERS_EACH = 3
_REPEATED = 3
_PATIENT = CommitLimits(lock_seconds=30)

SEEDS = [*range(40), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(40, 1_000))]


@dataclass(frozen=True)
class Coordinators:
    """Two of them on one database, which know nothing of each other, and a way to look past them."""

    both: tuple[Listening, Listening]
    owner: Connection[TupleRow]

    async def commit(self, user_id: UUID, files: Sequence[bytes]) -> list[CommitOutcome]:
        """Commits files by several workers of either coordinator, which take them in their order."""
        waiting = list(reversed(files))
        outcomes: list[CommitOutcome] = []

        async def work(listener: Listening) -> None:
            while waiting:
                outcomes.append(await commit_content(listener, self.owner, user_id, waiting.pop()))

        await asyncio.gather(*(work(listener) for listener in self.both for _ in range(_WORKERS_EACH)))
        return outcomes

    def assert_left(self, user_id: UUID, files: Sequence[bytes], outcomes: Sequence[CommitOutcome]) -> None:
        """What is left is the truth, and the numbers told of the files add up to it."""
        truth = truth_of(files)
        assert_told_plays(self.owner, user_id, truth)
        assert sum(each.inserted - each.superseded for each in outcomes) == truth.expected.plays


def truth_of(files: Sequence[bytes]) -> Truth:
    return tell_truth({str(number): content for number, content in enumerate(files)})


@pytest.fixture
async def coordinators(database_url: str, owner_url: str) -> AsyncIterator[Coordinators]:
    """Two coordinators."""
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(listening(database_url, limits=_PATIENT)) for _ in range(2)]
        yield Coordinators((one, other), stack.enter_context(connect(owner_url)))


@pytest.mark.parametrize("seed", SEEDS)
async def test_files_committed_at_once_in_any_order_and_repeated_leave_the_true_plays(
    coordinators: Coordinators, seed: int
) -> None:
    files = small_history(seed)
    rng = random.Random(seed)
    people = {uuid4(): rng.sample(files, len(files)) + rng.choices(files, k=_REPEATED) for _ in range(_PEOPLE)}
    outcomes = await asyncio.gather(*(coordinators.commit(user_id, order) for user_id, order in people.items()))
    for user_id, of_one in zip(people, outcomes, strict=True):
        coordinators.assert_left(user_id, files, of_one)


async def test_whole_exports_committed_at_once_leave_the_true_plays(coordinators: Coordinators) -> None:
    files = [*every_export(seed=5, plays=1_200, spoilt=0.05).values()]
    rng = random.Random(5)
    user_id = uuid4()
    outcomes = await coordinators.commit(user_id, rng.sample(files, len(files)) + rng.sample(files, _REPEATED))
    # Videos are not told from tracks here, where no file has a name.
    coordinators.assert_left(user_id, files, outcomes)


DRIFTED = [
    file_of(extended(10, "Foxes", "Ashes", 1_000, "spotify:track:1")),
    file_of(extended(10, "Foxes", "Embers", 1_000, "spotify:track:1")),
    file_of(account(10, "Foxes", "Embers", 1_000)),
]
"""Three files of one play, whose name has changed between the first two exports."""


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))], ids=str)
async def test_three_drifted_rows_leave_one_play_in_each_of_their_six_orders(
    coordinators: Coordinators, order: tuple[int, ...]
) -> None:
    user_id = uuid4()
    files = [DRIFTED[place] for place in order]
    outcomes = [
        await commit_content(listener, coordinators.owner, user_id, content)
        for listener, content in zip(itertools.cycle(coordinators.both), files, strict=False)
    ]
    coordinators.assert_left(user_id, files, outcomes)
    assert truth_of(files).expected.plays == 1


async def test_three_drifted_rows_at_the_same_time_leave_one_play(coordinators: Coordinators) -> None:
    people = {uuid4(): order for order in itertools.permutations(DRIFTED)}
    outcomes = await asyncio.gather(*(coordinators.commit(user_id, order) for user_id, order in people.items()))
    for user_id, of_one in zip(people, outcomes, strict=True):
        coordinators.assert_left(user_id, DRIFTED, of_one)


PAIR = [
    file_of(*(extended(5 * number, "Foxes", "Ashes", 1_000, "spotify:track:1") for number in range(28))),
    file_of(*(account(60 * minute, "Foxes", "Ashes", 1_000) for minute in range(3))),
]
"""One track over and over, of which account data has a row a minute."""


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
async def test_an_account_row_stands_for_all_extended_rows_of_its_minute_in_either_order(
    coordinators: Coordinators, order: tuple[int, ...]
) -> None:
    user_id = uuid4()
    outcomes = [
        await commit_content(coordinators.both[place], coordinators.owner, user_id, PAIR[place]) for place in order
    ]
    coordinators.assert_left(user_id, PAIR, outcomes)
    assert truth_of(PAIR).expected.plays == 28
