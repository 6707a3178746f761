"""How values look to people: ages, moments, rates, sizes, and text that may hold anything."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))
# Control, format (such as those that turn the direction of text), surrogate and line separators.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(text: str) -> str:
    """Returns the text on one line, without what could steer a terminal; such characters are spelled out."""
    return "".join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE:
        return character
    return character.encode("unicode_escape").decode("ascii")


def duration(seconds: float) -> str:
    """Returns "0.3s", "41s", "2m05s", "3h12m" or "9d4h"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}".rstrip("0").rstrip(".") + "s"
    whole = int(seconds)
    for place, (unit, length) in enumerate(_UNITS):
        if whole >= length:
            smaller, step = (*_UNITS, ("s", 1))[place + 1]
            rest = whole % length // step
            return f"{whole // length}{unit}" + (f"{rest:02}{smaller}" if rest else "")
    return f"{whole}s"


def rate(per_second: float) -> str:
    """Returns how many a second, in as few digits as tell something."""
    if per_second >= 100:
        return f"{per_second:,.0f}"
    if 0 < per_second < 0.05:
        return "<0.1"
    return f"{per_second:.1f}" if per_second else "0"


def size(byte_count: int) -> str:
    """Returns "812 B", "1.2 KiB", "3.4 MiB"."""
    if byte_count < 1024:
        return f"{byte_count} B"
    if byte_count < 1024**2:
        return f"{byte_count / 1024:.1f} KiB"
    return f"{byte_count / 1024**2:.1f} MiB"


@dataclass(frozen=True, slots=True)
class Times:
    """Moments as ages seen from `now`, or as stamps in UTC."""

    now: datetime
    utc: bool = False

    def since(self, moment: Timestamp) -> str:
        """Returns a moment's age, or its stamp."""
        return stamp(moment) if self.utc else duration(self._seconds_until(moment) * -1)

    def around(self, moment: Timestamp) -> str:
        """Returns a moment that may lie on either side of now: "3m ago", "in 5m", or its stamp."""
        if self.utc:
            return stamp(moment)
        seconds = self._seconds_until(moment)
        return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"

    def _seconds_until(self, moment: Timestamp) -> float:
        return (moment.ToDatetime(tzinfo=UTC) - self.now).total_seconds()


def stamp(moment: Timestamp) -> str:
    """Returns a moment to the second, in UTC."""
    return moment.ToDatetime(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
