"""Invented artists, tracks, shows, episodes and books; any likeness to real ones is chance."""

import random
import string
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["music", "video", "podcast", "audiobook", "nothing"]
"""What was played; "nothing" has neither names nor a uri in the extended history."""

_FIRST: Final = [
    "Velvet",
    "Paper",
    "Northern",
    "Quiet",
    "Electric",
    "Hollow",
    "Golden",
    "Crooked",
    "Distant",
    "Salt",
    "Neon",
    "Copper",
]
_SECOND: Final = [
    "Lanterns",
    "Harbour",
    "Antlers",
    "Machines",
    "Orchard",
    "Satellites",
    "Parade",
    "Foxes",
    "Kites",
    "Ferrymen",
]
_FOREIGN: Final = (
    "Тихая Переправа",
    "Ёлочный Дождь",
    "星くず商店街",
    "かみひこうき部",
    "물빛정거장",
    "夜航的纸鸢",
    "مرفأ الضباب",
    "Σιωπηλή Αυλή",
    "Straße nach Süden",
    "Zażółć Gęślą",
    "Cafe\u0301 Lune\u0301",
    "🎈 balloon club 🎈",
    " Leading And Trailing ",
)
_VERBS: Final = (
    "Waiting for",
    "Leaving",
    "Counting",
    "Borrowed",
    "Against",
    "Under",
    "Almost",
    "Letters from",
)
_NOUNS: Final = ("the Rain", "Tuesday", "Glass", "the Lighthouse", "Static", "Ashes", "Marigold", "the Tide")
_SUFFIXES: Final = (
    "",
    "",
    "",
    "",
    " (Live)",
    " - Remastered",
    " (feat. The Understudies)",
    " 🌧",
    " пт. 2",
    " 夜",
)
_BASE62: Final = string.digits + string.ascii_letters


@dataclass(frozen=True, slots=True)
class Item:
    """Something to play: `group` and `name` are artist and track, show and episode, or book and chapter."""

    kind: Kind
    group: str
    name: str
    album: str
    author: str
    uri: str
    length_ms: int


class Catalogue:
    """What one person listens to: few things often, most of them seldom."""

    def __init__(self, rng: random.Random, artists: int = 90) -> None:
        self._rng = rng
        names = [f"{first} {second}" for first in _FIRST for second in _SECOND]
        names = rng.sample(names, min(artists, len(names)))
        names = [*names, *_FOREIGN]
        rng.shuffle(names)
        self._items: dict[Kind, list[Item]] = {
            "music": [item for artist in names for item in self._tracks(artist, "music", rng.randint(3, 12))],
            "video": [item for artist in names[:4] for item in self._tracks(artist, "video", 3)],
            "podcast": [item for number in range(5) for item in self._episodes(f"{names[number]} Weekly")],
            "audiobook": [item for number in range(3) for item in self._chapters(f"The Book of {names[number]}")],
            "nothing": [Item("nothing", "Unknown Artist", "Unknown Track", "", "", "", 60_000)],
        }

    def pick(self, kind: Kind) -> Item:
        """Give something of a kind; the earlier it stands in the list, the more often."""
        items = self._items[kind]
        return items[int(len(items) * self._rng.random() ** 3)]

    def _tracks(self, artist: str, kind: Kind, count: int) -> list[Item]:
        album = self._title()
        titles = {self._title() + self._rng.choice(_SUFFIXES) for _ in range(count)}
        return [
            Item(kind, artist, title, album, "", self._uri("track"), self._rng.randint(90_000, 420_000))
            for title in sorted(titles)
        ]

    def _episodes(self, show: str) -> list[Item]:
        titles = [f"#{number}: {self._title()}" for number in range(1, 40)]
        titles[20] = ""  # the provider has lost a name now and then
        return [Item("podcast", show, title, "", "", self._uri("episode"), 2_400_000) for title in titles]

    def _chapters(self, book: str) -> list[Item]:
        author = self._rng.choice(_FIRST) + " " + self._rng.choice(_SECOND)
        return [
            Item("audiobook", book, f"Chapter {number}", book, author, self._uri("chapter"), 1_500_000)
            for number in range(1, 25)
        ]

    def _title(self) -> str:
        return f"{self._rng.choice(_VERBS)} {self._rng.choice(_NOUNS)}"

    def _uri(self, kind: str) -> str:
        return f"spotify:{kind}:" + "".join(self._rng.choices(_BASE62, k=22))
