"""The family of the device that played something.

The raw text holds models and device ids, so it never leaves this module: only a family does.
"""

from typing import Final

FAMILIES: Final = (
    "ios",
    "android",
    "windows",
    "macos",
    "linux",
    "web",
    "cast",
    "tv",
    "console",
    "car",
    "other",
)
"""Every value that `platform_family` gives."""

_MAX_REMEMBERED: Final = 10_000
_MAX_REMEMBERED_LENGTH: Final = 200

# The first word found decides, the narrower ones before the wider: a television with Android is a television.
_WORDS: Final = {
    "cast": "cast",
    "webos": "tv",
    "_tv": "tv",
    "tizen": "tv",
    "roku": "tv",
    "playstation": "console",
    "xbox": "console",
    "car_thing": "car",
    "carthing": "car",
    "web": "web",
    "ios": "ios",
    "iphone": "ios",
    "ipad": "ios",
    "android": "android",
    "windows": "windows",
    "os x": "macos",
    "osx": "macos",
    "macos": "macos",
    "linux": "linux",
}


def platform_family(raw: str) -> str | None:
    """Give the family of a raw platform text, one of `FAMILIES`; nothing for a blank one."""
    text = raw.casefold()
    if not text.strip():
        return None
    return next((family for word, family in _WORDS.items() if word in text), "other")


class Families(dict[str, str | None]):
    """Remembers the families of one file's platform texts, of which there are few and short ones."""

    def __missing__(self, raw: str) -> str | None:
        family = platform_family(raw)
        if len(self) < _MAX_REMEMBERED and len(raw) <= _MAX_REMEMBERED_LENGTH:
            self[raw] = family
        return family
