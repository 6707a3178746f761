"""Covers that a play turned out to have after it had been handed on."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from export_formats.errors import ExportError, Reason

COVER_BYTES = 16
MAX_COVERS = 1_000
"""Names a play may have been seen under in one file. Two are common, three were seen."""


class LaterCovers:
    """The covers of plays' repetitions under other names, by the play's place in the file."""

    def __init__(self) -> None:
        self._places = array("I")
        self._covers = bytearray()
        self._order: list[int] = []

    def add(self, place: int, cover: bytes) -> None:
        """Note a cover (16 bytes), which may have been noted before."""
        self._places.append(place)
        self._covers += cover

    def finish(self) -> None:
        """Put what was noted in order, before `of_plays` is asked.

        Raises:
            ExportError: TOO_MANY_NAMES, when a play has more than `MAX_COVERS` of them.
        """
        self._order = sorted(range(len(self._places)), key=self._places.__getitem__)
        for _, covers in self.of_plays(0, 1 << 32):
            if len(covers) > MAX_COVERS:
                message = (
                    f"The file has one play under {len(covers):,} names; the limit is {MAX_COVERS:,}. "
                    "Take it from the export again."
                )
                raise ExportError(Reason.TOO_MANY_NAMES, message)

    def of_plays(self, start: int, stop: int) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Give the place and the covers of each play from `start` to before `stop` that has any, in order."""
        covers: dict[bytes, None] = {}
        place = None
        for entry in self._order[self._first_of(start) : self._first_of(stop)]:
            if self._places[entry] != place:
                if place is not None:
                    yield place, tuple(covers)
                place, covers = self._places[entry], {}
            covers[bytes(self._covers[COVER_BYTES * entry : COVER_BYTES * (entry + 1)])] = None
        if place is not None:
            yield place, tuple(covers)

    def _first_of(self, place: int) -> int:
        return bisect_left(self._order, place, key=self._places.__getitem__)
