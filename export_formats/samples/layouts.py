"""How the bytes of a file may look without saying anything else: spacing, line ends, marks and encodings."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

Encoding = Literal["utf-8", "utf-16-le", "utf-16-be"]

_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write a list of rows.

    `colon` is what stands between key and value, `mark` puts a byte order mark first, and `ascii_only`
    escapes every other character.
    """

    pretty: bool = True
    colon: str = ": "
    newline: Literal["\n", "\r\n"] = "\n"
    encoding: Encoding = "utf-8"
    mark: bool = False
    ascii_only: bool = False

    def render(self, rows: list[Any]) -> bytes:
        """Write rows as a file."""
        text = json.dumps(
            rows,
            ensure_ascii=self.ascii_only,
            indent=2 if self.pretty else None,
            separators=(",", self.colon),
        )
        # Line ends inside strings are escaped, so these are all between values.
        text = text.replace("\n", self.newline)
        return (_MARK * self.mark + text).encode(self.encoding)


ACCOUNT: Final = Layout(colon=" : ")
"""As account data is written."""
EXTENDED: Final = Layout()
"""As the extended history is written since it is pretty."""
MINIFIED: Final = Layout(pretty=False, colon=":")
"""As the extended history was written before."""

LAYOUTS: Final = (
    ACCOUNT,
    EXTENDED,
    MINIFIED,
    Layout(newline="\r\n"),
    Layout(mark=True, ascii_only=True),
    Layout(encoding="utf-16-le", mark=True, newline="\r\n"),
    Layout(encoding="utf-16-be", mark=True),
    Layout(pretty=False, colon=":", encoding="utf-16-le"),
    Layout(encoding="utf-16-be"),
)
"""All that has been seen, and what editors and file shares may make of it."""
