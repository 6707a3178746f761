"""Leases and jobs survive their way through columns, and nothing malformed comes out."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_client.leases import ClaimedJob, Lease, MalformedBatch, claimed_jobs, from_columns, to_columns
from protos.jobs.v1 import job_pb2

leases = st.lists(
    st.builds(Lease, st.binary(min_size=16, max_size=16), st.integers(min_value=-(2**63), max_value=2**63 - 1))
)


@given(leases)
def test_leases_come_out_of_columns_as_they_went_in(listed: list[Lease]) -> None:
    assert from_columns(to_columns(listed)) == listed


@pytest.mark.parametrize("size", [15, 17, 31])
def test_ids_that_do_not_match_their_tokens_are_refused(size: int) -> None:
    with pytest.raises(MalformedBatch):
        from_columns(job_pb2.LeaseList(job_ids=b"x" * size, tokens=[1]))


def test_a_batch_gives_each_job_its_own_entries() -> None:
    first, second = Lease(b"a" * 16, 1), Lease(b"b" * 16, 2)
    batch = job_pb2.JobBatch(
        queue="notes",
        leases=to_columns([first, second]),
        attempts=[1, 3],
        kinds=["memo", "note"],
        kind_indexes=[1, 0],
        payloads=[b"one", b"two"],
        sizes=[3, 4],
        deadlines_ms=[1_500, 600_000],
    )
    assert claimed_jobs(batch) == [
        ClaimedJob(first, "notes", "note", 1, b"one", 3, 1.5),
        ClaimedJob(second, "notes", "memo", 3, b"two", 4, 600.0),
    ]


@pytest.mark.parametrize("index", [-1, 1])
def test_a_kind_outside_of_the_list_is_refused(index: int) -> None:
    batch = job_pb2.JobBatch(
        leases=to_columns([Lease(b"a" * 16, 1)]),
        attempts=[1],
        kinds=["note"],
        kind_indexes=[index],
        payloads=[b""],
        sizes=[0],
        deadlines_ms=[1],
    )
    with pytest.raises(MalformedBatch):
        claimed_jobs(batch)


def test_a_token_never_shows_where_a_lease_is_printed() -> None:
    lease = Lease(uuid.UUID(int=7).bytes, 987_654_321)
    assert "987654321" not in repr(lease) + str(lease)
    assert str(lease) == "00000000-0000-0000-0000-000000000007"
