"""The headers of the tus protocol, between text and values."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Header

from export_formats import shown_name
from gateway.problems import Problem, refusal

if TYPE_CHECKING:
    from hashlib import _Hash

_NUMBER = re.compile(r"[0-9]{1,15}")
# More than a name and a type is nothing that we keep.
_LONGEST_METADATA = 8192
_NAME_WHERE_NONE_CAME = "upload"

# md5 and sha1 tell damage on the way, which is all that they are for here.
_HASHES: Final[dict[str, Callable[[], _Hash]]] = {
    "sha1": lambda: sha1(usedforsecurity=False),
    "sha256": sha256,
    "md5": lambda: md5(usedforsecurity=False),
}
CHECKSUM_ALGORITHMS: Final = tuple(_HASHES)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of a request have to hash to."""

    algorithm: str
    digest: bytes

    def new_hash(self) -> _Hash:
        """Begins a hash of the algorithm."""
        return _HASHES[self.algorithm]()


def read_number(text: str | None, name: str) -> int:
    """Reads a number of bytes from a header that has to be there."""
    if text is None or not _NUMBER.fullmatch(text):
        raise _unreadable(name, "it has to be a whole number of bytes")
    return int(text)


def read_metadata(text: str) -> dict[str, bytes]:
    """Reads Upload-Metadata: pairs of a key and a value in base64, separated by commas."""
    if len(text) > _LONGEST_METADATA:
        raise _unreadable("Upload-Metadata", f"it has more than {_LONGEST_METADATA} characters")
    found: dict[str, bytes] = {}
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or key in found:
            raise _unreadable("Upload-Metadata", "each key has to be there once")
        found[key] = _base64(value, "Upload-Metadata")
    return found


def read_checksum(text: str) -> Checksum:
    """Reads Upload-Checksum: an algorithm and the checksum in base64."""
    algorithm, _, value = text.partition(" ")
    if algorithm not in _HASHES:
        raise _unreadable("Upload-Checksum", f"the algorithms that are known here are {', '.join(_HASHES)}")
    digest = _base64(value, "Upload-Checksum")
    if len(digest) != _HASHES[algorithm]().digest_size:
        raise _unreadable("Upload-Checksum", f"it is no checksum by {algorithm}")
    return Checksum(algorithm, digest)


def write_metadata(filename: str) -> str:
    """Writes what of an upload's metadata was kept."""
    return f"filename {base64.b64encode(filename.encode()).decode()}"


def write_moment(moment: datetime) -> str:
    """Writes a time in UTC as HTTP does."""
    return format_datetime(moment, usegmt=True)


def _base64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable(name, "a value is not in base64") from None


def _unreadable(name: str, why: str) -> Problem:
    return refusal("INVALID_REQUEST", f"The header {name} cannot be used: {why}.", field=name)


def _upload_length(
    upload_length: Annotated[str | None, Header(description="Bytes of the whole file.")] = None,
) -> int:
    return read_number(upload_length, "Upload-Length")


def _upload_offset(
    upload_offset: Annotated[str | None, Header(description="Bytes of the file before this piece.")] = None,
) -> int:
    return read_number(upload_offset, "Upload-Offset")


def _filename(
    upload_metadata: Annotated[
        str, Header(description="Keys with values in base64; of them filename is kept, as it can be shown.")
    ] = "",
) -> str:
    given = read_metadata(upload_metadata).get("filename", b"").decode("utf-8", "replace")
    return shown_name(given, _NAME_WHERE_NONE_CAME)


def _checksum(
    upload_checksum: Annotated[
        str | None, Header(description="sha1, sha256 or md5, a blank, and the checksum of the piece in base64.")
    ] = None,
) -> Checksum | None:
    return None if upload_checksum is None else read_checksum(upload_checksum)


UploadLength = Annotated[int, Depends(_upload_length)]
UploadOffset = Annotated[int, Depends(_upload_offset)]
Filename = Annotated[str, Depends(_filename)]
UploadChecksum = Annotated[Checksum | None, Depends(_checksum)]
