"""ZIP archives written field by field, so that any of them can lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

DEFLATED = 8
UTF8_NAME = 0x800
ENCRYPTED = 0x1
MOST = 0xFFFFFFFF

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. What is None is as it should be; `central_…` stands in the directory, the rest before the data."""

    name: bytes
    content: bytes = b""
    method: int = DEFLATED
    flags: int = UTF8_NAME
    data: bytes | None = None
    crc: int | None = None
    size: int | None = None
    central_crc: int | None = None
    central_size: int | None = None
    central_packed: int | None = None
    central_name: bytes | None = None
    central_extra: bytes = b""
    local_extra: bytes = b""
    attributes: int = 0
    offset: int | None = None

    @property
    def packed(self) -> bytes:
        """The data as it stands in the archive."""
        if self.data is not None:
            return self.data
        return deflated(self.content) if self.method == DEFLATED else self.content

    def before_the_data(self) -> bytes:
        """Gives the local header and the name."""
        sizes = (_or(self.crc, zlib.crc32(self.content)), len(self.packed), _or(self.size, len(self.content)))
        lengths = (len(self.name), len(self.local_extra))
        header = _LOCAL.pack(b"PK\x03\x04", 20, self.flags, self.method, 0, 0x21, *sizes, *lengths)
        return header + self.name + self.local_extra

    def in_the_directory(self, offset: int) -> bytes:
        """Gives the directory's entry of a member that begins at an offset."""
        name = self.name if self.central_name is None else self.central_name
        sizes = (
            _or(self.central_crc, _or(self.crc, zlib.crc32(self.content))),
            _or(self.central_packed, len(self.packed)),
            _or(self.central_size, len(self.content)),
        )
        lengths = (len(name), len(self.central_extra), 0)
        places = (0, 0, self.attributes, _or(self.offset, offset))
        made = (b"PK\x01\x02", 0x0314, 20, self.flags, self.method, 0, 0x21)
        return _CENTRAL.pack(*made, *sizes, *lengths, *places) + name + self.central_extra


def crafted_zip(
    entries: Sequence[Entry], *, comment: bytes = b"", count: int | None = None, zip64: bytes = b""
) -> bytes:
    """Writes an archive. `count` is the number of members that it claims; `zip64` stands before its last record."""
    data, directory = bytearray(), bytearray()
    for entry in entries:
        directory += entry.in_the_directory(len(data))
        data += entry.before_the_data() + entry.packed
    number = len(entries) if count is None else count
    return bytes(data + directory) + zip64 + end_record(number, len(directory), len(data), comment)


def end_record(count: int, directory_size: int, directory_offset: int, comment: bytes = b"") -> bytes:
    """Writes the last record of an archive."""
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, directory_size, directory_offset, len(comment)) + comment


def zip64_end(count: int, directory_size: int, directory_offset: int, own_offset: int) -> bytes:
    """Writes the last record but one of an archive of more than 4 GiB, and where it stands."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, directory_size, directory_offset)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, own_offset, 1)


def zip64_extra(*sizes: int) -> bytes:
    """Writes an extra field with sizes of 64 bits."""
    return struct.pack(f"<2H{len(sizes)}Q", 1, 8 * len(sizes), *sizes)


def deflated(content: bytes) -> bytes:
    """Compresses as archives do."""
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


def quoting_by_blocks(names: Sequence[bytes], content: bytes) -> bytes:
    """Writes members that share the last one's data: each holds the headers of those behind it in stored blocks."""
    entries: list[tuple[Entry, int]] = []
    data, plain, behind = deflated(content), content, b""
    for name in reversed(names):
        if entries:
            data = b"\0" + struct.pack("<2H", len(behind), len(behind) ^ 0xFFFF) + behind + data
            plain = behind + plain
        entry = Entry(name, plain, data=data)
        behind = entry.before_the_data()
        entries.append((entry, len(behind) + len(data)))
    archive = behind + data
    directory = b"".join(entry.in_the_directory(len(archive) - length) for entry, length in reversed(entries))
    return archive + directory + end_record(len(names), len(directory), len(archive))


def quoting_by_extra_fields(names: Sequence[bytes], content: bytes) -> bytes:
    """Writes members that share the last one's data: each hides the headers of those behind it in its extra field."""
    entries: list[tuple[Entry, int]] = []
    data, behind = deflated(content), b""
    for name in reversed(names):
        extra = struct.pack("<2H", 0x9999, len(behind)) + behind if entries else b""
        entry = Entry(name, content, data=data, local_extra=extra)
        behind = entry.before_the_data()
        entries.append((entry, len(behind) + len(data)))
    archive = behind + data
    directory = b"".join(entry.in_the_directory(len(archive) - length) for entry, length in reversed(entries))
    return archive + directory + end_record(len(names), len(directory), len(archive))


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value
