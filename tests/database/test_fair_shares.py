"""A simulation: lanes of random weights, over random arrivals and claims, share out what is claimed as they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from coordinator.domain import TURN, NewJob
from coordinator.store import enqueueing, jobs
from coordinator.store.sessions import SessionKey
from tests.database.stores import Store, new_job

LANES = 8
WEIGHTS = (0.5, 4.0)
# So many jobs are claimed before the window, once every lane is there, and in it.
SETTLING, WINDOW = 300, 2_000
MOST_AT_ONCE = 40
# A lane has always more than a claim could take of it.
LEAST_WAITING = 60
# Rounds between two exchanges of clocks.
EXCHANGE = 10


@dataclass
class Simulation:
    """Lanes that come one after another and never run dry from then on."""

    random: Random
    coordinators: Sequence[Store]
    weights: dict[str, float] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    lanes: dict[str, str] = field(default_factory=dict)

    async def arrive(self) -> None:
        """One more lane, or none, and more jobs of those that are there, each lane through some coordinator."""
        if len(self.weights) < LANES and self.random.random() < 0.5:
            self.weights[f"lane {len(self.weights)}"] = self.random.uniform(*WEIGHTS)
        new: dict[int, list[NewJob]] = {}
        for lane, weight in self.weights.items():
            least = max(0, LEAST_WAITING - self.waiting[lane])
            number = least + (self.random.randrange(30) if least or self.random.random() < 0.2 else 0)
            turn = round(TURN / weight)
            coordinator = self.random.randrange(len(self.coordinators))
            new.setdefault(coordinator, []).extend(new_job(lane=lane, turn=turn) for _ in range(number))
            self.waiting[lane] += number
        for coordinator, arriving in new.items():
            self.random.shuffle(arriving)
            store = self.coordinators[coordinator]
            enqueued = await enqueueing.enqueue(store.database, store.clocks, "tests", "", b"", arriving)
            for each in self.coordinators:
                each.marks.lower(enqueued.pending)
            self.lanes |= {str(job.id): str(job.lane) for job in arriving}

    async def claim(self, key: SessionKey) -> list[str]:
        """Claims some jobs through some coordinator; returns the lane of each."""
        store = self.random.choice(self.coordinators)
        claimed = await store.claim(key, self.random.randint(1, MOST_AT_ONCE), from_start=False)
        lanes = [self.lanes.pop(str(job.lease.job_id)) for job in claimed]
        self.waiting.subtract(lanes)
        assert all(self.waiting[lane] > 0 for lane in self.weights), "every lane has jobs waiting"
        return lanes

    async def exchange_clocks(self) -> None:
        """Has every coordinator store what it knows, and learn what the others do."""
        for store in self.coordinators:
            await jobs.store_virtual_times(store.database, store.clocks)
        for store in self.coordinators:
            await jobs.load_virtual_times(store.database, store.clocks)

    def deviations(self, taken: Counter[str]) -> dict[str, float]:
        """Returns how far each lane's share is from its ideal one, as a part of the ideal."""
        ideal = {lane: taken.total() * weight / sum(self.weights.values()) for lane, weight in self.weights.items()}
        return {lane: abs(taken[lane] - share) / share for lane, share in ideal.items()}


async def _largest_deviation(coordinators: Sequence[Store], seed: int) -> float:
    simulation = Simulation(Random(seed), coordinators)
    key = await coordinators[0].open_session(3_600)
    settling: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    rounds = 0
    while taken.total() < WINDOW:
        await simulation.arrive()
        lanes = await simulation.claim(key) if simulation.weights else []
        if settling.total() >= SETTLING:
            taken.update(lanes)
        elif len(simulation.weights) == LANES:
            settling.update(lanes)
        rounds += 1
        if rounds % EXCHANGE == 0:
            await simulation.exchange_clocks()
    return max(simulation.deviations(taken).values())


@pytest.mark.parametrize("seed", [*range(1, 6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 31))])
async def test_shares_are_within_five_percent_of_the_ideal(
    store: Store, seed: int, record_property: Callable[[str, object], None]
) -> None:
    # Every second time there are two coordinators, whose clocks are apart most of the time.
    others = [] if seed % 2 else [Store(store.database)]
    deviation = await _largest_deviation([store, *others], seed)
    record_property("largest deviation", deviation)
    assert deviation < 0.05
