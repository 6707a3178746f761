"""What people write and what they are shown: durations, moments, numbers, rates, JSON."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from coordinator_client.command_line.documents import document
from coordinator_client.command_line.shown import Times, duration, plain, rate, size
from coordinator_client.command_line.written import read_count, read_duration, read_moment, read_rate
from protos.jobs.v1 import admin_service_pb2, job_pb2

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("90", 90), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), ("7d", 604_800), ("2W", 1_209_600)],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert read_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "-5m", "5m!", "1h and 5m", "1e9", "999999999w", "٣m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: write 30s, 5m, 1h30m or 7d"):
        read_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-25T10:00Z", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T10:00+02:00", datetime(2026, 11, 25, 8, tzinfo=UTC)),
    ],
)
def test_moments_are_ages_or_stamps_in_utc(text: str, moment: datetime) -> None:
    assert read_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        read_moment(text, NOW)


def test_numbers_and_rates_are_read_as_people_write_them() -> None:
    assert [read_count(text) for text in ("250", "10k", "1.5M", "0")] == [250, 10_000, 1_500_000, 0]
    assert [read_rate(text) for text in ("10", "10/s", "600/m", "7200/h")] == [10, 10, 10, 2]


@pytest.mark.parametrize("text", ["", "1.5", "-1", "k", "10kk", "1e5", "99999999999999999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        read_count(text)


@pytest.mark.parametrize("text", ["", "fast", "10/", "10/w", "-1/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        read_rate(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0s"), (0.34, "0.3s"), (41.9, "41s"), (60, "1m"), (125, "2m05s"), (11_520, "3h12m"), (792_000, "9d04h")],
)
def test_durations_are_shown_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_rates_and_sizes_are_shown_in_few_digits() -> None:
    assert [rate(value) for value in (0, 0.04, 2.26, 1234.5)] == ["0", "<0.1", "2.3", "1,234"]
    assert [size(value) for value in (812, 1229, 3_565_158)] == ["812 B", "1.2 KiB", "3.4 MiB"]


def test_moments_are_ages_unless_stamps_are_wanted() -> None:
    moment = Timestamp()
    moment.FromDatetime(NOW - timedelta(minutes=3))
    assert (Times(NOW).since(moment), Times(NOW).around(moment)) == ("3m", "3m ago")
    assert Times(NOW, utc=True).since(moment) == "2026-11-25T11:57:00Z"
    moment.FromDatetime(NOW + timedelta(minutes=5))
    assert (Times(NOW).since(moment), Times(NOW).around(moment)) == ("0s", "in 5m")


@given(st.text())
def test_text_from_others_never_has_a_control_character_and_stays_on_its_line(text: str) -> None:
    shown = plain(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in shown)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


def test_a_message_becomes_json_with_numbers_names_and_what_is_absent() -> None:
    job = job_pb2.Job(id="j", state=job_pb2.JOB_STATE_FAILED, size=2**40, result='{"a": 1}')
    job.created_at.FromDatetime(NOW)
    shown = document(job)
    assert (shown["state"], shown["size"], shown["result"]) == ("failed", 2**40, {"a": 1})
    assert (shown["created_at"], shown["finished_at"], shown["errors"]) == ("2026-11-25T12:00:00.000Z", None, [])
    assert document(job_pb2.Job(result="{"))["result"] == "{"
    limits = document(admin_service_pb2.QueueLimits(max_running=0))
    assert limits == {"max_depth": None, "max_running": 0, "max_running_per_lane": None, "rate": None}
    assert document(job_pb2.Job(state=99))["state"] == "99"  # type: ignore[arg-type]
