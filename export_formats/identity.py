"""When two rows are the same play: folded names and the 16-byte hashes made of them.

* The cover says what an account row would say of a play: its minute, length and folded names. Both families
  have one.
* The identity of an account row is its cover; that of an extended row adds the second and the content's uri.

Both are keys in stored data: a change here needs a migration that computes them anew. Folding happens here
alone, never in SQL, whose collations differ from place to place.
"""

import hashlib
import struct
import unicodedata

# A copy costs half of a new hasher with the same parameters.
_new_hash = hashlib.blake2b(digest_size=16, person=b"sluice.plays.v1").copy
_time_and_length = struct.Struct(">qq").pack
_prefix = struct.Struct(">I").pack


def fold(text: str) -> str:
    """Give the form under which names are compared: NFC(casefold(NFC(strip(text))))."""
    if text.isascii():
        return text.strip().lower()
    normal = unicodedata.normalize("NFC", text.strip())
    return unicodedata.normalize("NFC", normal.casefold())


def measured(text: str) -> bytes:
    """Give a field of a hash: UTF-8 behind its length, so that no two lists of fields look alike."""
    encoded = text.encode()
    return _prefix(len(encoded)) + encoded


def make_cover(minute: int, ms_played: int, names: bytes) -> bytes:
    """Hash a minute (Unix seconds), a length and two measured, folded names (artist, then track)."""
    hasher = _new_hash()
    hasher.update(b"A" + _time_and_length(minute, ms_played) + names)
    return hasher.digest()


def make_extended_identity(second: int, ms_played: int, content: bytes) -> bytes:
    """Hash a second (Unix seconds), a length and the content: see `content_of_uri` and `content_of_names`."""
    hasher = _new_hash()
    hasher.update(b"X" + _time_and_length(second, ms_played) + content)
    return hasher.digest()


def content_of_uri(uri: str) -> bytes:
    """Give the content of an extended row that has a uri."""
    return b"U" + measured(uri)


def content_of_names(names: bytes) -> bytes:
    """Give the content of an extended row without a uri from its two measured, folded names."""
    return b"N" + names
