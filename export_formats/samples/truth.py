"""What has to be stored in the end, by a plain reading of the identity rule, on sets.

It shares no code with the package on purpose: the standard library reads the JSON, the dates and the names.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from export_formats.samples.truth_rows import Columns, Cover, Identity, Refused, TrueRow, read_true_row


@dataclass(frozen=True, slots=True)
class Expected:
    """How many plays are kept, and for how many milliseconds they were played in sum."""

    plays: int
    ms_played: int


@dataclass(frozen=True, slots=True)
class FileTruth:
    """What one file says: its rows, those that are a play and are no repetition, and the reasons of the rest.

    `rejected_rows` are places in the file, counted from 1, and reasons.
    """

    total_rows: int
    different_plays: int
    rejected_rows: tuple[tuple[int, str], ...]

    @property
    def rejections(self) -> dict[str, int]:
        """How many rows are no plays, by reason."""
        return dict(Counter(reason for _, reason in self.rejected_rows))


@dataclass(frozen=True, slots=True)
class Truth:
    """What is left of some files: by identity the ways to show the play, of which the first to come is kept.

    `files` has the figures of each file by its name.
    """

    plays: dict[Identity, frozenset[Columns]]
    files: dict[str, FileTruth]

    @property
    def expected(self) -> Expected:
        """The plays and their milliseconds."""
        return Expected(len(self.plays), sum(identity.ms_played for identity in self.plays))


def expected_plays(members: Mapping[str, bytes]) -> Expected:
    """Tell how much remains of files of valid JSON, in whatever order they come in."""
    return tell_truth(members).expected


def tell_truth(members: Mapping[str, bytes]) -> Truth:
    """Tell what remains of files of valid JSON, in whatever order they come in.

    Extended rows count once for each second, length and content; account rows once for each minute, length
    and folded names, unless an extended row of any content has been seen under them.
    """
    shown: dict[Identity, set[Columns]] = {}
    covers: set[Cover] = set()
    files = {}
    for name, content in members.items():
        rows = [read_true_row(row, name) for row in json.loads(content)]
        good = [row for row in rows if isinstance(row, TrueRow)]
        for row in good:
            shown.setdefault(row.identity, set()).add(row.columns)
        covers.update(row.cover for row in good if row.identity.source == "extended")
        files[name] = _figures(rows, good)
    rest = {identity: shown_as for identity, shown_as in shown.items() if identity.account_cover not in covers}
    return Truth({identity: frozenset(shown_as) for identity, shown_as in rest.items()}, files)


def _figures(rows: list[TrueRow | Refused], good: Iterable[TrueRow]) -> FileTruth:
    rejected = tuple((number, row.reason) for number, row in enumerate(rows, 1) if isinstance(row, Refused))
    return FileTruth(len(rows), len({row.identity for row in good}), rejected)
