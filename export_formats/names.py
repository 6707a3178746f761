"""Texts of one file, each checked and folded once: names repeat far more often than they are new."""

from collections.abc import Callable

import msgspec

from export_formats.errors import Rejection, RowRejected
from export_formats.identity import content_of_uri, fold, measured

MAX_TEXT_LENGTH = 2_000
"""In characters. The longest real name is an episode's with some hundred."""

_MAX_REMEMBERED = 100_000
_MAX_REMEMBERED_LENGTH = 4_000_000


class Name(msgspec.Struct, frozen=True, gc=False):
    """A text as it is shown, and `key`, the field that it is in a hash."""

    text: str
    key: bytes


class Texts(dict[str, Name]):
    """Looks texts up; one that cannot be stored raises RowRejected (bad_text).

    Lone surrogates are no concern here: the reader of rows has put a NUL in their place.
    """

    def __init__(self, make_key: Callable[[str], bytes]) -> None:
        super().__init__()
        self._make_key = make_key
        self._length = 0

    def __missing__(self, text: str) -> Name:
        if len(text) > MAX_TEXT_LENGTH or "\0" in text:
            raise RowRejected(Rejection.BAD_TEXT)
        self._length += len(text)
        if len(self) >= _MAX_REMEMBERED or self._length > _MAX_REMEMBERED_LENGTH:
            self.clear()  # only a file of nothing but new names gets here: it has to pay for itself
            self._length = len(text)
        self[text] = name = Name(text, self._make_key(text))
        return name


def folded_names() -> Texts:
    """Make a table for names, whose key is their folded form."""
    return Texts(lambda text: measured(fold(text)))


def verbatim_uris() -> Texts:
    """Make a table for uris, whose key is the content of a play."""
    return Texts(content_of_uri)
