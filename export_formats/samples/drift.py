"""Names as another export of the same person spells them: other case, an added suffix, a corrected artist."""

import random

from export_formats.samples.catalogue import Item


class Drift:
    """Changes the names of some items; an item that has changed stays so.

    `share` is the part of items that change. Two of these with other seeds are two exports.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._rng = random.Random(seed)  # noqa: S311 -- to be repeated, not to be secret
        self._share = share
        self._names: dict[Item, tuple[str, str]] = {}

    def names(self, item: Item) -> tuple[str, str]:
        """Give group and name of an item as this export spells them."""
        if item not in self._names:
            self._names[item] = self._spell(item)
        return self._names[item]

    def _spell(self, item: Item) -> tuple[str, str]:
        if item.kind == "nothing" or self._rng.random() >= self._share:
            return item.group, item.name
        return self._rng.choice(
            [
                (item.group, item.name.upper()),
                (item.group, f"{item.name} - 2024 Edition"),
                (f"{item.group} Ensemble", item.name),
            ]
        )
