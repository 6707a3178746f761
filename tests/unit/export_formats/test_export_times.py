import datetime

import pytest

from export_formats.errors import Rejection, RowRejected
from export_formats.times import FIRST_SECOND, LAST_SECOND, read_minute, read_second


def unix(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2000-01-01T00:00:00Z", FIRST_SECOND),
        ("2100-12-31T23:59:59Z", LAST_SECOND),
        ("2024-02-29T12:34:56Z", unix("2024-02-29 12:34:56")),
    ],
)
def test_a_time_to_the_second_is_read_as_utc(text: str, expected: int) -> None:
    assert read_second(text) == expected


def test_a_time_to_the_minute_is_read_as_utc() -> None:
    assert read_minute("2013-07-01 23:59") == unix("2013-07-01 23:59")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00z",
        "2024-01-01T00:00:00Z\n",
        " 2024-01-01T00:00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01 00:00",
        "2024-01-01T00:00:00.5Z",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "\u0662\u0660\u0662\u0664-01-01T00:00:00Z",
        "2024-01-01T\u0660\u0660:00:00Z",
        "+024-01-01T00:00:00Z",
    ],
)
def test_a_time_that_is_not_exactly_of_the_form_is_a_bad_time(text: str) -> None:
    with pytest.raises(RowRejected) as caught:
        read_second(text)
    assert caught.value.rejection is Rejection.BAD_TIME


@pytest.mark.parametrize(
    "text", ["", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "2024-01-01 0:00", "2024-01-01 24:00"]
)
def test_an_account_time_that_is_not_to_the_minute_is_a_bad_time(text: str) -> None:
    with pytest.raises(RowRejected) as caught:
        read_minute(text)
    assert caught.value.rejection is Rejection.BAD_TIME
