"""Archives that would harm a careless reader, each with what is to become of it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.crafted_zip import (
    ENCRYPTED,
    MOST,
    UTF8_NAME,
    Entry,
    crafted_zip,
    deflated,
    end_record,
    quoting_by_blocks,
    quoting_by_extra_fields,
    zip64_end,
    zip64_extra,
)
from tests.hostile_bombs import repeated_deflate
from tests.hostile_files import GOOD

MIB = 1 << 20
GOOD_ROWS = 3

# In every archive that is opened, and to be read whatever lies beside it.
GOOD_ENTRY: Final = Entry(b"good.json", GOOD)

_STORED, _BZIP2, _LZMA, _DEFLATE64, _AES = 0, 12, 14, 9, 99
_SYMLINK: Final = 0o120777 << 16
_BRACKETS: Final = b"[" * MIB


@dataclass(frozen=True, slots=True)
class Opened:
    """The archive is opened: the names of the files that come in, as they are shown, and reasons of those refused."""

    files: tuple[str, ...] = ("good.json",)
    refused: Mapping[str, str] = field(default_factory=dict)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class NotOpened:
    """The archive is refused as a whole; `at_the_door` by the gateway, which reads no more than its first bytes."""

    reason: str
    at_the_door: bool = False


@dataclass(frozen=True, slots=True)
class HostileArchive:
    """One archive: what is wrong with it, its bytes when they are asked for, and what is to become of it."""

    name: str
    make: Callable[[], bytes]
    outcome: Opened | NotOpened

    def save(self, path: Path) -> Path:
        """Writes the archive to the disk."""
        path.write_bytes(self.make())
        return path


def hostile_archives() -> Iterator[HostileArchive]:
    """Gives archives of at most some megabytes that can be told apart from good ones in a moment."""
    for name, archive, outcome in (*_broken(), *_lying(), *_members(), *_names()):
        yield HostileArchive(name, lambda archive=archive: archive, outcome)  # type: ignore[misc]
    yield HostileArchive("100,000 members", _hundred_thousand_members, NotOpened("ARCHIVE_TOO_MANY_FILES"))
    yield HostileArchive("201 histories", lambda: _histories(201), NotOpened("ARCHIVE_TOO_MANY_FILES"))


def archive_bombs() -> Iterator[HostileArchive]:
    """Gives archives that hold far more than they weigh."""
    yield HostileArchive("a bomb of 1 GB", _bomb, Opened(refused={"endsong.json": "TOO_LARGE"}))
    yield HostileArchive("a bomb of 1 GB that claims 1,000 bytes", _lying_bomb, _broken_member("endsong.json"))
    yield HostileArchive("six files of 90 MiB", _six_of_90_mib, NotOpened("ARCHIVE_TOO_LARGE"))
    yield HostileArchive("five files of 100 MiB of brackets", _brackets, Opened(refused=_many("TOO_DEEP")))


def _broken_member(name: str) -> Opened:
    return Opened(refused={name: "ARCHIVE_BROKEN"})


def _many(reason: str) -> dict[str, str]:
    return {f"endsong_{number}.json": reason for number in range(5)}


Cases = Iterator[tuple[str, bytes, Opened | NotOpened]]


def _broken() -> Cases:
    whole = crafted_zip([GOOD_ENTRY])
    members = [b"%02d.json" % number for number in range(20)]
    twice = crafted_zip([GOOD_ENTRY, Entry(b"endsong.json", GOOD, offset=0)])
    yield "nothing", b"", NotOpened("NOT_A_ZIP", at_the_door=True)
    yield "JSON", GOOD, NotOpened("NOT_A_ZIP", at_the_door=True)
    yield "junk before", b"junk" * 100 + whole, NotOpened("NOT_A_ZIP", at_the_door=True)
    yield "no member", end_record(0, 0, 0), NotOpened("ARCHIVE_WITHOUT_HISTORY")
    yield "folders only", crafted_zip([Entry(b"MyData/", b"placeholder")]), NotOpened("ARCHIVE_WITHOUT_HISTORY")
    yield "a first header alone", b"PK\x03\x04", NotOpened("ARCHIVE_BROKEN")
    yield "cut in the directory", whole[:-30], NotOpened("ARCHIVE_BROKEN")
    yield "cut in the data", whole[:80], NotOpened("ARCHIVE_BROKEN")
    yield "members that quote each other in blocks", quoting_by_blocks(members, GOOD), NotOpened("ARCHIVE_BROKEN")
    yield (
        "members that quote each other in extra fields",
        quoting_by_extra_fields(members, GOOD),
        NotOpened("ARCHIVE_BROKEN"),
    )
    yield "two members of one place", twice, NotOpened("ARCHIVE_BROKEN")
    yield "a comment", crafted_zip([GOOD_ENTRY], comment=b"made by hand " * 5_000), Opened()
    yield (
        "a comment that looks like an end",
        crafted_zip([GOOD_ENTRY], comment=b"PK\x05\x06"),
        NotOpened("ARCHIVE_BROKEN"),
    )


def _lying() -> Cases:
    def beside(**lies: int | bytes) -> bytes:
        return crafted_zip([GOOD_ENTRY, Entry(b"endsong.json", GOOD, **lies)])  # type: ignore[arg-type]

    broken = _broken_member("endsong.json")
    size = len(deflated(GOOD))
    end64 = zip64_end(2**62, 2**62, 2**62, 0)
    yield "a size too small", beside(central_size=10), broken
    yield "a size too large", beside(central_size=len(GOOD) + 10), broken
    yield "another size before the data", beside(size=7), Opened(files=("good.json", "endsong.json"))
    yield "a packed size too small", beside(central_packed=size - 5), broken
    yield "a packed size that reaches into the directory", beside(central_packed=size + 5), NotOpened("ARCHIVE_BROKEN")
    yield "a wrong checksum", beside(crc=1), broken
    yield "a wrong checksum in the directory", beside(central_crc=1), broken
    yield "an offset beyond the end", beside(offset=0x7FFFFFFF), NotOpened("ARCHIVE_BROKEN")
    yield "another name before the data", beside(central_name=b"endsong.JSON"), _broken_member("endsong.JSON")
    yield "data that is not deflated", beside(data=b"\xff" * 60), broken
    yield "fewer members than it claims", crafted_zip([GOOD_ENTRY], count=3), Opened()
    yield (
        "more members than it claims",
        crafted_zip([GOOD_ENTRY, GOOD_ENTRY], count=1),
        Opened(files=("good.json",) * 2),
    )
    yield "sizes of 64 bits beyond all", beside(central_size=MOST, central_extra=zip64_extra(2**63)), _too_large()
    yield "a packed size of 64 bits beyond all", _huge_packed(), NotOpened("ARCHIVE_BROKEN")
    yield (
        "sizes of 64 bits that are missing",
        beside(central_size=MOST, central_extra=zip64_extra()),
        NotOpened("ARCHIVE_BROKEN"),
    )
    yield "an end of 64 bits that is nowhere", crafted_zip([GOOD_ENTRY], zip64=end64), NotOpened("ARCHIVE_BROKEN")


def _too_large() -> Opened:
    return Opened(refused={"endsong.json": "TOO_LARGE"})


def _huge_packed() -> bytes:
    extra = zip64_extra(len(GOOD), 2**63)
    lying = Entry(b"endsong.json", GOOD, central_size=MOST, central_packed=MOST, central_extra=extra)
    return crafted_zip([GOOD_ENTRY, lying])


def _members() -> Cases:
    nested = crafted_zip([GOOD_ENTRY])

    def beside(*entries: Entry) -> bytes:
        return crafted_zip([GOOD_ENTRY, *entries])

    def refused(reason: str, name: str = "endsong.json") -> Opened:
        return Opened(refused={name: reason})

    yield "an archive in it", beside(Entry(b"inner.zip", nested)), refused("ARCHIVE_NESTED", "inner.zip")
    yield "an archive called a history", beside(Entry(b"endsong.json", nested)), refused("ARCHIVE_NESTED")
    yield (
        "an encrypted member",
        beside(Entry(b"endsong.json", GOOD, flags=UTF8_NAME | ENCRYPTED)),
        refused("ARCHIVE_ENCRYPTED"),
    )
    for method in (_BZIP2, _LZMA):
        yield f"method {method}", beside(_by(method)), refused("ARCHIVE_UNSUPPORTED")
    for method in (_DEFLATE64, _AES, 0xFFFF):
        odd = Entry(b"endsong.json", GOOD, method=method)
        yield f"method {method}", beside(odd), refused("ARCHIVE_UNSUPPORTED")
    yield "an encrypted picture", beside(Entry(b"a.png", GOOD, flags=UTF8_NAME | ENCRYPTED)), Opened(skipped=1)
    yield "a link", beside(Entry(b"endsong.json", b"/etc/passwd", attributes=_SYMLINK)), refused("NOT_JSON")
    yield "a link elsewhere", beside(Entry(b"elsewhere", b"../../etc", attributes=_SYMLINK)), Opened(skipped=1)
    yield "an empty history", beside(Entry(b"endsong.json")), refused("EMPTY_FILE")
    yield "gzip in it", beside(Entry(b"endsong.json", b"\x1f\x8b\x08" + b"\0" * 50)), refused("NOT_JSON")
    yield (
        "brackets in it",
        beside(Entry(b"endsong.json", b"[" * 100_000)),
        Opened(skipped=0, refused={"endsong.json": "TOO_DEEP"}),
    )
    yield "one name twice", beside(GOOD_ENTRY), Opened(files=("good.json", "good.json"))
    yield "a folder of a history's name", beside(Entry(b"endsong.json/", b"placeholder")), Opened()


def _names() -> Cases:
    shown = {
        "up": (b"../../../etc/cron.d/a.json", "a.json"),
        "absolute": (b"/etc/b.json", "b.json"),
        "of Windows": (b"C:\\Windows\\c.json", "c.json"),
        "a device": (b"con", "con"),
        "with a NUL": (b"d.json\0.png", "d.json"),
        "of control characters": (b"\x1b[2Je\x07\r\n.json", "[2Je.json"),
        "from right to left": ("nosj.\u202efdp.json".encode(), "nosj.fdp.json"),
        "of 64 KB": (b"n" * 65_000 + b".json", "n" * 255),
        "of nothing": (b"", "unnamed"),
        "of blanks": (b"  ", "unnamed"),
        "of dots": (b"..", ".."),
        "of a page": (b"<img src=x onerror=alert(1)>.json", "<img src=x onerror=alert(1)>.json"),
    }
    for what, (name, told) in shown.items():
        yield f"a name {what}", crafted_zip([GOOD_ENTRY, Entry(name, GOOD)]), Opened(files=("good.json", told))


def _by(method: int) -> Entry:
    """Packs a member in an unusual way, as zipfile can."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a", GOOD)
    with zipfile.ZipFile(packed) as archive:
        info = archive.infolist()[0]
    start = info.header_offset + 31
    return Entry(b"endsong.json", GOOD, method=method, data=packed.getvalue()[start : start + info.compress_size])


def _hundred_thousand_members() -> bytes:
    """Writes more members than the last record of 32 bits can count."""
    entry = Entry(b"a")
    local = entry.before_the_data() + entry.packed
    directory = b"".join(entry.in_the_directory(number * len(local)) for number in range(100_000))
    start = 100_000 * len(local)
    end = zip64_end(100_000, len(directory), start, start + len(directory))
    return local * 100_000 + directory + end + end_record(0xFFFF, MOST, MOST)


def _histories(count: int) -> bytes:
    return crafted_zip([Entry(b"endsong_%d.json" % number, GOOD) for number in range(count)])


def _large_entry(name: bytes, begin: bytes, filler: bytes, mebibytes: int, end: bytes) -> Entry:
    """Makes a member that is never held as a whole, only packed."""
    crc, size = 0, 0
    for part in (begin, *(filler for _ in range(mebibytes)), end):
        crc, size = zlib.crc32(part, crc), size + len(part)
    data = b"".join(repeated_deflate(begin, filler, mebibytes, end))
    return Entry(name, data=data, crc=crc, size=size, central_size=size)


def _bomb() -> bytes:
    return crafted_zip([GOOD_ENTRY, _large_entry(b"endsong.json", GOOD[:-1], b" " * MIB, 1024, b"]")])


def _lying_bomb() -> bytes:
    lying = _large_entry(b"endsong.json", GOOD[:-1], b" " * MIB, 1024, b"]")
    told = Entry(lying.name, data=lying.data, crc=lying.crc, size=1_000, central_size=1_000)
    return crafted_zip([GOOD_ENTRY, told])


def _six_of_90_mib() -> bytes:
    large = _large_entry(b"endsong.json", GOOD[:-1], b" " * MIB, 90, b"]")
    return crafted_zip([GOOD_ENTRY, *[large] * 6])


def _brackets() -> bytes:
    entry = _large_entry(b"", b"[", _BRACKETS, 99, b"")
    members = [
        Entry(name.encode(), data=entry.data, crc=entry.crc, size=entry.size, central_size=entry.size)
        for name in _many("")
    ]
    return crafted_zip([GOOD_ENTRY, *members])
