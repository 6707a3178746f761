"""A timeline without a given bucket takes the shortest of which a chart can show all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coordinator.listen_domain import Bucket, TimeSpan
from coordinator.services.timelines import choose_bucket

_FIRST = datetime(2010, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "bucket"),
    [
        (timedelta(0), Bucket.HOUR),
        (timedelta(hours=400), Bucket.HOUR),
        (timedelta(hours=401), Bucket.DAY),
        (timedelta(days=400), Bucket.DAY),
        (timedelta(days=401), Bucket.WEEK),
        (timedelta(days=400 * 7 + 1), Bucket.MONTH),
        (timedelta(days=400 * 30 + 1), Bucket.YEAR),
        (timedelta(days=2_000_000), Bucket.YEAR),
    ],
)
def test_the_bucket_grows_with_the_range(length: timedelta, bucket: Bucket) -> None:
    assert choose_bucket(TimeSpan(_FIRST, _FIRST + length)) is bucket
