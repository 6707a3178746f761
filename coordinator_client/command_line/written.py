"""Durations, moments, numbers and rates as people write them: "5m", "1h30m", "10k", "600/m"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000}
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([km]?)", re.IGNORECASE | re.ASCII)
# What a timedelta holds, less a wide margin; each call has closer limits of its own.
_LONGEST_SECONDS = 100 * 365 * 86_400.0

Value = TypeVar("Value")


def read_duration(text: str) -> timedelta:
    """Reads "250ms", "90s", "5m", "1h30m", "7d", "2w"; a number alone is seconds. Raises ValueError."""
    written = text.strip().lower()
    seconds = float(written) if re.fullmatch(r"\d+(\.\d+)?", written, re.ASCII) else _sum_of_parts(written)
    if seconds is None or seconds > _LONGEST_SECONDS:
        raise ValueError(f"{text!r} is no duration: write 30s, 5m, 1h30m or 7d")
    return timedelta(seconds=seconds)


def _sum_of_parts(written: str) -> float | None:
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def read_moment(text: str, now: datetime) -> datetime:
    """Reads how long ago ("2h") or when ("2026-11-25", "2026-11-25T10:00Z"; UTC unless said otherwise).

    Raises ValueError.
    """
    try:
        return now - read_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no moment: write how long ago (2h, 7d) or when (2026-11-25T10:00Z)") from None


def read_count(text: str) -> int:
    """Reads "250", "10k", "1.5M". Raises ValueError."""
    found = _COUNT.fullmatch(text.strip())
    value = float(found[1]) * _MULTIPLES[found[2].lower()] if found else 0.5
    if value != int(value) or value > 2**53:
        raise ValueError(f"{text!r} is no number: write 250, 10k or 2M")
    return int(value)


def read_rate(text: str) -> float:
    """Reads "10/s", "600/m", "1000/h"; a number alone is a second's. Returns how many a second. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/(s|m|h|d))?", text.strip().lower(), re.ASCII)
    if found is None:
        raise ValueError(f"{text!r} is no rate: write 10/s, 600/m or 1000/h")
    return float(found[1]) / _SECONDS[found[2] or "s"]


class Written(click.ParamType[Any]):
    """A value that one of the readers above reads, or "none" where there may be none."""

    def __init__(self, name: str, read: Callable[[str], Any], *, or_none: bool = False) -> None:
        self.name = name
        self._read = read
        self._or_none = or_none

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What help shows in the value's place."""
        return f"{self.name.upper()}|none" if self._or_none else self.name.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Reads what was typed."""
        if not isinstance(value, str):
            return value
        if self._or_none and value.lower() == "none":
            return NONE
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class _None:
    """Stands for "none" as typed, which is not the same as an option that was not given."""


NONE = _None()

DURATION = Written("duration", read_duration)
MOMENT = Written("when", lambda text: read_moment(text, datetime.now(UTC)))
COUNT = Written("n", read_count)
COUNT_OR_NONE = Written("n", read_count, or_none=True)
RATE_OR_NONE = Written("rate", read_rate, or_none=True)
