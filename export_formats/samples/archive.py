"""A ZIP archive as the provider writes it: streamed, with sizes only behind the data and at the end."""

import struct
import zlib
from collections.abc import Mapping
from typing import Final

_FLAGS: Final = 0x808  # sizes in data descriptors, names in UTF-8
_DEFLATED: Final = 8
_VERSION: Final = 20
_DATE: Final = 0x5A21  # 2025-01-01
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_DESCRIPTOR: Final = struct.Struct("<4s3L")
_DIRECTORY: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")


def write_zip(members: Mapping[str, bytes], folder: str = "MyData/") -> bytes:
    """Pack files under their names, behind their folders, whose entries have content, as the real ones do."""
    archive = bytearray()
    directory = bytearray()
    folders = dict.fromkeys((folder, *(_folder(name) for name in members if "/" in name)), b"placeholder")
    entries = {**folders, **members}
    for name, content in entries.items():
        offset = len(archive)
        data = _deflate(content)
        raw = name.encode()
        sizes = (zlib.crc32(content), len(data), len(content))
        archive += _LOCAL.pack(b"PK\x03\x04", _VERSION, _FLAGS, _DEFLATED, 0, _DATE, 0, 0, 0, len(raw), 0)
        archive += raw + data + _DESCRIPTOR.pack(b"PK\x07\x08", *sizes)
        directory += _DIRECTORY.pack(
            b"PK\x01\x02",
            _VERSION,
            _VERSION,
            _FLAGS,
            _DEFLATED,
            0,
            _DATE,
            *sizes,
            len(raw),
            0,
            0,
            0,
            0,
            0,
            offset,
        )
        directory += raw
    count = len(entries)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(archive), 0)
    return bytes(archive + directory + end)


def _folder(name: str) -> str:
    return name.rpartition("/")[0] + "/"


def _deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()
