"""The two forms of time in export files, read strictly and always as UTC.

A history holds few different days and few different times of day, so each is checked once and then looked
up. Both tables are bounded by the calendar: only what is valid is remembered.
"""

import datetime
import re

from export_formats.errors import Rejection, RowRejected

FIRST_SECOND = 946_684_800
"""2000-01-01T00:00:00Z: nothing earlier can be a play."""
LAST_SECOND = 4_133_980_799
"""2100-12-31T23:59:59Z: nothing later can be a play."""

SECONDS_PER_DAY = 86_400
_YEARS = range(2000, 2101)
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CLOCK = re.compile(r"T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])Z")
_SHORT_CLOCK = re.compile(r" ([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY_LENGTH = len("YYYY-MM-DD")


class _Days(dict[str, int]):
    """Seconds since 1970 at the beginning of a day, by its text."""

    def __missing__(self, text: str) -> int:
        match = _DAY.fullmatch(text)
        if match is None or int(match[1]) not in _YEARS:
            raise RowRejected(Rejection.BAD_TIME)
        try:
            day = datetime.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise RowRejected(Rejection.BAD_TIME) from None
        self[text] = seconds = (day.toordinal() - _EPOCH) * SECONDS_PER_DAY
        return seconds


class _Clocks(dict[str, int]):
    """Seconds since midnight, by the text behind the day."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        super().__init__()
        self._pattern = pattern

    def __missing__(self, text: str) -> int:
        match = self._pattern.fullmatch(text)
        if match is None:
            raise RowRejected(Rejection.BAD_TIME)
        hours, minutes, *seconds = (int(part) for part in match.groups())
        self[text] = total = hours * 3600 + minutes * 60 + sum(seconds)
        return total


_days = _Days()
_clocks = _Clocks(_CLOCK)
_short_clocks = _Clocks(_SHORT_CLOCK)


def check_second(second: int) -> int:
    """Give Unix seconds as they are; raises RowRejected (bad_time) outside the years 2000 to 2100."""
    if not FIRST_SECOND <= second <= LAST_SECOND:
        raise RowRejected(Rejection.BAD_TIME)
    return second


def read_second(text: str) -> int:
    """Give "YYYY-MM-DDTHH:MM:SSZ" as Unix seconds; raises RowRejected (bad_time) for anything else."""
    return _days[text[:_DAY_LENGTH]] + _clocks[text[_DAY_LENGTH:]]


def read_minute(text: str) -> int:
    """Give "YYYY-MM-DD HH:MM" as Unix seconds; raises RowRejected (bad_time) for anything else."""
    return _days[text[:_DAY_LENGTH]] + _short_clocks[text[_DAY_LENGTH:]]
