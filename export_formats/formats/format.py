"""What a format is: how its rows are recognised, typed and mapped.

A row type is a msgspec Struct with only the fields that are needed; whatever else a row holds is not even
decoded. Its fields are all optional, since an absent one costs its row and not the file. The aliases below
say what a value of the wrong type or an unreadable text means: a rejection, or nothing at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from export_formats.errors import Rejection

Source = Literal["account", "extended"]
ContentType = Literal["music", "podcast", "audiobook", "video"]

Time = Annotated[str | None, msgspec.Meta(extra={"fault": Rejection.BAD_TIME})]
Duration = Annotated[int | None, msgspec.Meta(extra={"fault": Rejection.BAD_MS_PLAYED})]
Text = Annotated[str | None, msgspec.Meta(extra={"fault": Rejection.BAD_TEXT})]
Hint = Annotated[str | None, msgspec.Meta(extra={"fault": None})]
Flag = Annotated[bool | None, msgspec.Meta(extra={"fault": None})]


class MappedRow(msgspec.Struct, frozen=True, gc=False):
    """One row in the words of the house, not yet checked.

    `ended` is in Unix seconds. `group` and `item` are the names by which plays are compared (artist and track, show
    and episode, book and chapter); `artist_name` is what is shown for the group, where that is another name.
    """

    ended: int
    ms_played: int
    content_type: ContentType
    group: str
    item: str
    artist_name: str
    album_name: str = ""
    uri: str = ""
    platform: str = ""
    skipped: bool | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    A row belongs to it when it has all keys of `needs` and at least one of `any_of`. `map_row` takes a row
    of `row_type` and raises RowRejected for one that lacks what it needs or has an unreadable time.
    `in_lines` says that the rows may also stand one on each line, without a list around them.
    """

    name: str
    source: Source
    needs: frozenset[str]
    any_of: frozenset[str]
    row_type: type[msgspec.Struct]
    map_row: Callable[[Any], MappedRow]
    in_lines: bool = False
