"""The registry: a new provider is one module beside these and one line here."""

from typing import Final

from export_formats.formats.account_audiobook import ACCOUNT_AUDIOBOOK
from export_formats.formats.account_music import ACCOUNT_MUSIC
from export_formats.formats.account_podcast import ACCOUNT_PODCAST
from export_formats.formats.extended import EXTENDED
from export_formats.formats.format import Format
from export_formats.formats.listenbrainz import LISTENBRAINZ

FORMATS: Final[tuple[Format, ...]] = (EXTENDED, ACCOUNT_MUSIC, ACCOUNT_PODCAST, ACCOUNT_AUDIOBOOK, LISTENBRAINZ)
"""Every format, in the order in which a row is tried."""

EMPTY: Final = "empty"
"""The name of a history without rows, which could be of any format."""

FORMAT_NAMES: Final[tuple[str, ...]] = (*(known.name for known in FORMATS), EMPTY)


LINE_FORMATS: Final = tuple(known for known in FORMATS if known.in_lines)
"""Those whose rows may stand one on each line."""


def format_of_row(keys: frozenset[str], among: tuple[Format, ...]) -> Format | None:
    """Give the format to which a whole row with these keys belongs."""
    return next((known for known in among if known.needs <= keys and known.any_of & keys), None)


def format_of_cut_row(keys: frozenset[str], among: tuple[Format, ...]) -> Format | None:
    """Give the format that the first keys of a row speak for most."""
    best = max(among, key=lambda known: len((known.needs | known.any_of) & keys))
    return best if (best.needs | best.any_of) & keys else None


def format_named(name: str) -> Format:
    """Give the format of that name, one of `FORMAT_NAMES` other than `EMPTY`."""
    return next(known for known in FORMATS if known.name == name)
