"""Covers that a play turned out to have after it had been handed on."""

from bisect import bisect_left
from collections.abc import Iterator

from export_formats.errors import ExportError, Reason

MAX_COVERS = 1_000
"""Names a play may have been seen under in one file. Two are common, three were seen."""
MAX_COVERS_A_FILE = 100_000
"""Names of that kind over all plays of a file: ten times the plays that a real one has."""


class LaterCovers:
    """The covers of plays' repetitions under other names, by the play's place in the file."""

    def __init__(self) -> None:
        self._covers: dict[int, dict[bytes, None]] = {}
        self._count = 0
        self._places: list[int] = []

    def add(self, place: int, cover: bytes) -> None:
        """Note a cover (16 bytes), which may have been noted before.

        Raises:
            ExportError: TOO_MANY_NAMES, beyond `MAX_COVERS` of a play or `MAX_COVERS_A_FILE` in all.
        """
        covers = self._covers.setdefault(place, {})
        if cover in covers:
            return
        covers[cover] = None
        self._count += 1
        if len(covers) > MAX_COVERS:
            raise _too_many(f"one play under more than {MAX_COVERS:,} other names")
        if self._count > MAX_COVERS_A_FILE:
            raise _too_many(f"more than {MAX_COVERS_A_FILE:,} other names of its plays")

    def finish(self) -> None:
        """Put what was noted in order, before `of_plays` is asked."""
        self._places = sorted(self._covers)

    def of_plays(self, start: int, stop: int) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Give the place and the covers of each play from `start` to before `stop` that has any, in order."""
        for place in self._places[bisect_left(self._places, start) : bisect_left(self._places, stop)]:
            yield place, tuple(self._covers[place])


def _too_many(what: str) -> ExportError:
    message = f"The file has {what}, which is the limit. Take it from the export again."
    return ExportError(Reason.TOO_MANY_NAMES, message)
