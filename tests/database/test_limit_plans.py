"""What limits cost: the statements of guarded queues go by their indexes, and no further than the limit."""

from __future__ import annotations

import pytest

from coordinator.clocks import VirtualClocks
from coordinator.domain import Lease
from coordinator.errors import QueueFull
from coordinator.marks import ClaimRange
from coordinator.queue_limits import KnownLimits, KnownQueue, QueueLimits
from coordinator.store import claims, enqueueing, leases, limits, reaping
from coordinator.store.claims import UNLIMITED_BYTES, ClaimLimit, SessionClaim
from coordinator.store.depths import Depths
from tests.database.explained import Explained, explained
from tests.database.filled_queue import SESSION, STATISTICS, TOKEN, fill
from tests.database.limited import ACT
from tests.database.stored_plays import connect
from tests.database.stores import new_job

RUNNING = 1_500
ENDING = 20
JOBS, QUEUES = {("jobs", "jobs_pkey")}, {("queues", "queues_pkey")}
SESSIONS = {("worker_sessions", "worker_sessions_pkey")}
SLOTS, KEPT = {("jobs", "jobs_slots")}, {("jobs", "jobs_kept")}
BY_INDEX = {
    "begin_claim_within_limits": SESSIONS,
    "get_claim_room": QUEUES | SLOTS,
    "claim_jobs_within_limits": SLOTS
    | {("jobs", "jobs_claim"), ("jobs", "Tid Scan"), ("upload_files", "upload_files_pkey")},
    "find_freed_slots": JOBS | QUEUES,
    "admit_jobs": JOBS | KEPT,
    "find_kept_lanes": KEPT,
    "mend_lanes": JOBS | QUEUES | KEPT | SLOTS,
    "keep_none_back": QUEUES | KEPT,
    "count_leased_jobs": JOBS,
    "note_counted": QUEUES,
    "count_depth": KEPT | {("jobs", "jobs_claim"), ("jobs", "jobs_scheduled")},
    "set_limits": QUEUES,
    "spend_claims": QUEUES,
}
GUARD = (
    "INSERT INTO sluice.queues (name, max_running, max_running_per_lane, rate_per_second, rate_burst, rate_tokens, "
    f"counted, keeps_back) VALUES ('q', {RUNNING}, 20, 1000, 1000, 1000, true, true)",
    f"UPDATE sluice.jobs SET slot = 'running', lease_token = -{TOKEN} WHERE state = 'processing'",
    "UPDATE sluice.jobs SET kept_position = position, position = NULL "
    "WHERE state = 'pending' AND lane > 'lane 2' AND position > 2000",
)


async def everything_within_limits(database: Explained, held: list[Lease]) -> None:
    await leases.complete(database, held[:ENDING])
    limit = ClaimLimit(ENDING, UNLIMITED_BYTES, holds_nothing=True)
    ranges = [ClaimRange("k", below_priority=0), ClaimRange("k", 0, 1_500)]
    claimed = await claims.claim(database, SessionClaim(SESSION, 1, -TOKEN - 1, "q", ranges, limit))
    assert len(claimed.jobs) == ENDING
    lanes = await limits.find_kept_lanes(database, "q", "", 500)
    assert await limits.mend_lanes(database, "q", lanes)
    await limits.keep_none_back(database, "q")
    known = KnownQueue("q", False, QueueLimits(max_depth=1_000), True, 0, False, True)
    await database.fetch_one("count_leased_jobs", {"job_ids": [lease.job_id for lease in held[-ENDING:]]})
    await database.execute("note_counted", {"queue": "q", "guards": 0})
    everyone = KnownLimits()
    everyone.learn([known])
    new = [new_job()]
    with pytest.raises(QueueFull):
        await enqueueing.enqueue(database, VirtualClocks(), "tests", "", b"", new, Depths(everyone))
    await limits.set_limits(database, "q", QueueLimits(max_running=5), ACT)
    await reaping.expire_jobs(database)


def guarded(owner_url: str, statistics: str) -> list[Lease]:
    with connect(owner_url) as owner:
        fill(owner, statistics)
        for statement in GUARD:
            owner.execute(statement)
        if statistics == "fresh":
            owner.execute("ANALYZE")
        rows = owner.execute("SELECT id FROM sluice.jobs WHERE lease_token = %s ORDER BY position", [-TOKEN])
        return [Lease(row[0], -TOKEN) for row in rows.fetchall()]


@pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statistics", STATISTICS)
async def test_no_statistics_lead_a_statement_of_a_guarded_queue_away_from_its_index(
    database_url: str, owner_url: str, statistics: str, plan_cache_mode: str
) -> None:
    held = guarded(owner_url, statistics)
    async with explained(database_url, plan_cache_mode=plan_cache_mode) as database:
        await everything_within_limits(database, held)
    astray = {
        f"{plan.name} reads {table} by {what}"
        for plan in database.plans
        if plan.name in BY_INDEX
        for table, what in plan.scans() - BY_INDEX[plan.name]
    }
    assert astray == set()
    assert {plan.name for plan in database.plans} >= BY_INDEX.keys(), "each of the statements was carried out"


@pytest.mark.parametrize("statistics", STATISTICS)
async def test_what_limits_cost_does_not_depend_on_how_many_wait(
    database_url: str, owner_url: str, statistics: str
) -> None:
    held = guarded(owner_url, statistics)
    async with explained(database_url, analyze=True) as database:
        await leases.complete(database, held[:ENDING])
    costs = {plan.name: plan.buffers / ENDING for plan in database.plans}
    assert costs.keys() >= {"complete_jobs", "find_freed_slots", "admit_jobs"}
    assert {name: cost for name, cost in costs.items() if cost > 60} == {}
