"""Of which queues and kinds people may have jobs: an operator's choice, in the text of a setting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_ALL_KINDS = "*"
# As the contract has them, without the colon, which stands between a queue and its kinds here.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


@dataclass(frozen=True, slots=True)
class OpenQueues:
    """The kinds of each queue; "*" is all of them."""

    kinds: Mapping[str, frozenset[str]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads "queue:kind,kind queue:*". Raises ValueError, which says what is wrong."""
        kinds: dict[str, frozenset[str]] = {}
        for part in text.split():
            queue, _, listed = part.partition(":")
            names = listed.split(",")
            if not all(_NAME.fullmatch(name) or name == _ALL_KINDS for name in names) or not _NAME.fullmatch(queue):
                raise ValueError('must name queues with their kinds, as in "images:resize,crop mail:*"')
            kinds[queue] = kinds.get(queue, frozenset()) | frozenset(names)
        return cls(kinds)

    def has(self, queue: str, kind: str) -> bool:
        """Whether people may have jobs of this kind in this queue."""
        return bool(self.kinds.get(queue, frozenset()) & {kind, _ALL_KINDS})
