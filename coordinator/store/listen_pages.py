"""Reading a person's plays themselves, a page at a time: nothing is held between two pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from coordinator.database import Database
from coordinator.listen_domain import (
    FIRST_PLAY_TIME,
    PLAY_TIME_END,
    Listen,
    ListenFilter,
    ListenPlace,
    PlayKey,
    minute_of,
)
from coordinator.store.listens import filter_parameters, read

# As many plays in a minute no listener has; beyond it a page goes by the key alone.
MOST_SHOWN = 300
# 48 bits tell the plays of a minute apart.
SHOWN_BYTES = 6

_MICROSECOND = timedelta(microseconds=1)
_FIRST_IDENTITY = UUID(int=0)
_LAST_IDENTITY = UUID(int=2**128 - 1)


async def list_listens(database: Database, wanted: ListenFilter, after: ListenPlace | None, count: int) -> list[Listen]:
    """Returns up to `count` plays, newest first, that come after a place (None: from the newest)."""
    end = (wanted.end or PLAY_TIME_END, _FIRST_IDENTITY)
    before, identity = min((after.played_at, after.identity), end) if after else end
    parameters = filter_parameters(wanted) | {
        "before": before,
        "before_identity": identity,
        "minute": minute_of(before),
        "shown": None if after is None or after.shown is None else sorted(after.shown),
        "count": count,
    }
    return [Listen(**row) for row in await read(database, "list_listens", parameters)]


def place_after(page: Sequence[Listen], after: ListenPlace | None) -> ListenPlace:
    """Returns where a page that began after a place ended. It may hold plays that came late, from above that place."""
    keys = [play.key for play in page]
    played_at, identity = min([*keys, (after.played_at, after.identity)] if after else keys)
    minute = minute_of(played_at)
    shown = {identity.bytes[:SHOWN_BYTES] for moment, identity in keys if minute_of(moment) == minute}
    if after is not None and after.minute == minute:
        if after.shown is None:
            return ListenPlace(played_at, identity, None)
        shown |= after.shown
    return ListenPlace(played_at, identity, frozenset(shown) if len(shown) <= MOST_SHOWN else None)


async def export_listens(
    database: Database, wanted: ListenFilter, after: PlayKey | None, count: int
) -> tuple[list[Listen], PlayKey | None]:
    """Returns plays, oldest first, that come after a key (None: from the oldest), and the key to go on with, if any.

    Of up to `count` plays a last minute that may go on is left for the next page: a minute is read at once, so that an
    account row and the extended plays that replace it never both come, nor neither.
    """
    parameters = filter_parameters(wanted)
    played_at, identity = after or _before(wanted.start or FIRST_PLAY_TIME)
    parameters |= {"after": played_at, "after_identity": identity, "count": count}
    plays = [Listen(**row) for row in await read(database, "export_listens", parameters)]
    if len(plays) < count:
        return plays, None
    minute = minute_of(plays[-1].played_at)
    whole = [play for play in plays if play.played_at < minute]
    if not whole:
        return plays, plays[-1].key
    return whole, _before(minute)


def _before(moment: datetime) -> PlayKey:
    """Returns the last key before the first that a play of this moment could have."""
    return moment - _MICROSECOND, _LAST_IDENTITY
