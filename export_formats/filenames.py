"""What the name of a file is: something to show, and a hint; never a path, never a proof of the content."""

import re
import unicodedata
from typing import Final

MAX_SHOWN_LENGTH: Final = 255

_SEPARATOR = re.compile(r"[/\\]")
_HISTORY = re.compile(r"streaming_?history|endsong|endvideo", re.IGNORECASE)
_VIDEO = re.compile(r"streaming_history_video|endvideo", re.IGNORECASE)
_OTHER = re.compile(
    r"\._.*|\.ds_store|(?:playlist|wrapped|podcastinteractivity|readmefirst).*"
    r"|(?:yourlibrary|searchqueries|follow|userdata|useraddress|identifiers|identity|inferences|payments|purchases"
    r"|marquee|yoursoundcapsule|messagedata)[0-9_]*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def shown_name(raw: str, fallback: str = "unnamed") -> str:
    """Give the last part of a name without control characters, at most `MAX_SHOWN_LENGTH` characters."""
    last = _SEPARATOR.split(raw)[-1]
    visible = "".join(character for character in last if unicodedata.category(character) not in _INVISIBLE)
    return visible.strip()[:MAX_SHOWN_LENGTH] or fallback


def is_named_as_history(name: str) -> bool:
    """Tell whether the provider gives such a name to a listening history."""
    return _HISTORY.search(_SEPARATOR.split(name)[-1]) is not None


def is_named_as_video(name: str) -> bool:
    """Tell whether the provider gives such a name to a history of videos."""
    return _VIDEO.match(_SEPARATOR.split(name)[-1]) is not None


def is_named_as_other(name: str) -> bool:
    """Tell whether the provider (or an operating system) gives such a name to a file that is no history."""
    return _OTHER.fullmatch(_SEPARATOR.split(name)[-1]) is not None
