"""No administrative call reads more of a crowded queue than a look's worth, whatever the statistics say."""

from __future__ import annotations

from uuid import UUID

import pytest

from coordinator.admin_domain import LOOK_JOBS
from coordinator.clocks import VirtualClocks
from coordinator.store import jobs as store
from tests.database.crowded_queue import ACT, MOST, calls, fill, some_ids
from tests.database.explained import explained
from tests.database.stored_plays import connect

# They stay small: queues, what coordinators noted lately, workers of the last hour, files that wait for a retry.
SMALL = {"queues", "queue_counts", "coordinators", "recounts", "queue_clocks", "worker_sessions", "upload_files"}

ONE_HUNDRED_THOUSAND = pytest.param(100_000, id="a hundred thousand of each")
A_MILLION = pytest.param(1_000_000, id="a million of each", marks=[pytest.mark.long, pytest.mark.timeout(1_200)])


@pytest.mark.parametrize("jobs", [ONE_HUNDRED_THOUSAND, A_MILLION])
async def test_each_call_goes_by_its_index_and_reads_no_more_than_a_look(
    database_url: str, owner_url: str, jobs: int
) -> None:
    with connect(owner_url) as owner:
        fill(owner, jobs, jobs)
        open_ids = some_ids(owner, "jobs", "state = 'pending'")
        failed_ids = some_ids(owner, "job_history", "state = 'failed'")
    await every_call_is_bounded(database_url, open_ids, failed_ids)
    with connect(owner_url) as owner:
        owner.execute("ANALYZE")
    await every_call_is_bounded(database_url, open_ids, failed_ids)


async def every_call_is_bounded(database_url: str, open_ids: list[UUID], failed_ids: list[UUID]) -> None:
    for name, call in calls(open_ids, failed_ids).items():
        async with explained(database_url, analyze=True) as database:
            await call(database)
        whole = {
            (plan.name, table, what)
            for plan in database.plans
            for table, what in plan.scans(empty=SMALL)
            if what == "Seq Scan"
        }
        assert whole == set(), name
        read = {plan.name: plan.rows_read for plan in database.plans}
        # Both tables are looked at; a thousand jobs of an act are read, locked and written, with what hangs on each.
        most = 2 * LOOK_JOBS + 8 * MOST
        assert {statement: rows for statement, rows in read.items() if rows > most} == {}, name


async def test_what_a_redrive_reads_does_not_grow_with_the_days_that_are_kept(
    database_url: str, owner_url: str
) -> None:
    days = 30
    with connect(owner_url) as owner:
        fill(owner, 1_000, 30_000, days=days)
        failed_ids = some_ids(owner, "job_history", "state = 'failed'")
        # Before 17 an index looks ids up one by one: twice a job in each day, of up to three pages.
        looks = 0 if owner.info.server_version >= 170_000 else 2 * 3 * days
    async with explained(database_url, analyze=True) as database:
        redriven = await store.redrive(database, VirtualClocks(), failed_ids, ACT)
    assert len(redriven.job_ids) == len(failed_ids) == MOST
    (plan,) = (plan for plan in database.plans if plan.name == "redrive_jobs")
    # It finds, takes out and puts into eight indexes; one look a job and day would be sixty more.
    assert plan.buffers < (30 + looks) * MOST
