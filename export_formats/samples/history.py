"""What an invented person listened to, before anybody wrote it down."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from export_formats.samples.catalogue import Catalogue, Item, Kind

FIRST_SECOND: Final = 1_609_459_200
"""2021-01-01T00:00:00Z: when generated histories begin."""
SECONDS_A_DAY: Final = 86_400

_HOURS: Final = (7, 8, 8, 9, 12, 13, 17, 18, 18, 19, 20, 21, 21, 22, 23, 1)
_PLATFORMS: Final = (
    "iOS 15.4.1 (canary-device-id)",
    "Android OS 12 API 31 (samsung, canary-device-id)",
    "Partner android_tv Amazon;canary-device-id;;tpapi",
    "windows",
    "web_player windows 10;chrome 104.0.0.0;desktop",
    "osx",
)


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a history is no music, in parts of one, and how often tracks are skipped in a burst."""

    podcasts: float = 0.04
    audiobooks: float = 0.01
    videos: float = 0.01
    nothing: float = 0.015
    bursts: float = 0.04


@dataclass(frozen=True, slots=True)
class TruePlay:
    """One play: what, when it ended (Unix seconds), for how long, on what device, and if it was skipped."""

    item: Item
    ended_at: int
    ms_played: int
    platform: str
    skipped: bool


def generate_history(seed: int, plays: int, *, days: int = 1_460, shares: Shares | None = None) -> list[TruePlay]:
    """Invent so many plays over so many days, in order of time; equal arguments give equal plays.

    No two agree in second, length and content, though some share a second and more a minute.
    """
    listener = _Listener(random.Random(seed), days, shares or Shares())  # noqa: S311 -- to be repeated, not to be secret
    found: dict[tuple[int, int, str, str], TruePlay] = {}
    while len(found) < plays:
        for play in listener.session():
            key = (play.ended_at, play.ms_played, play.item.uri, play.item.name)
            if len(found) < plays:
                found.setdefault(key, play)
    return sorted(found.values(), key=lambda play: play.ended_at)


class _Listener:
    def __init__(self, rng: random.Random, days: int, shares: Shares) -> None:
        self._rng = rng
        self._days = days
        self._bursts = shares.bursts
        self._catalogue = Catalogue(rng)
        self._kinds: dict[Kind, float] = {
            "podcast": shares.podcasts,
            "audiobook": shares.audiobooks,
            "video": shares.videos,
            "nothing": shares.nothing,
        }
        self._kinds["music"] = 1 - sum(self._kinds.values())

    def session(self) -> Iterator[TruePlay]:
        """Give what is played in one go, on one device."""
        rng = self._rng
        platform = rng.choice(_PLATFORMS)
        now = FIRST_SECOND + rng.randrange(self._days) * SECONDS_A_DAY
        now += rng.choice(_HOURS) * 3600 + rng.randrange(3600)
        for _ in range(rng.randint(3, 25)):
            count = rng.randint(2, 6) if rng.random() < self._bursts else 1
            for _ in range(count):
                play = self._play(now, platform, in_burst=count > 1)
                now = play.ended_at
                yield play

    def _play(self, now: int, platform: str, *, in_burst: bool) -> TruePlay:
        rng = self._rng
        kind: Kind = rng.choices([*self._kinds], [*self._kinds.values()])[0]
        item = self._catalogue.pick(kind)
        if in_burst:
            return TruePlay(item, now + rng.choice((0, 0, 1)), rng.randint(0, 2_500), platform, skipped=True)
        is_whole = rng.random() < 0.7
        ms_played = item.length_ms if is_whole else rng.randint(1_000, item.length_ms)
        ended_at = now + ms_played // 1000 + rng.randint(1, 20)
        return TruePlay(item, ended_at, ms_played, platform, skipped=not is_whole)
