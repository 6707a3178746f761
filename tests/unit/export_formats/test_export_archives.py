import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from export_formats import Archive, ArchiveLimits, ExportError, Reason, open_archive
from export_formats.samples import sample_export, write_zip
from tests.unit.export_formats.exports import account_row, extended_row, file_of

MUSIC = file_of(*[account_row(msPlayed=length) for length in range(50)])
EXTENDED = file_of(*[extended_row(ms_played=length) for length in range(50)])


def opened(content: bytes, **limits: int) -> Archive:
    return open_archive(io.BytesIO(content), ArchiveLimits(**limits))


def refusal(content: bytes, **limits: int) -> ExportError:
    with pytest.raises(ExportError) as caught:
        opened(content, **limits)
    return caught.value


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


class RecordingFile(io.BytesIO):
    """Remembers how much was read at once."""

    largest_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.largest_read = max(self.largest_read, len(content))
        return content


def reasons(archive: Archive) -> dict[str, Reason]:
    return {refused.name: refused.reason for refused in archive.refused}


def test_every_history_of_an_export_is_found_and_read_back() -> None:
    members = sample_export(seed=3, plays=600)
    archive = opened(write_zip(members))
    assert [member.name for member in archive.members] == [name.split("/")[-1] for name in members]
    assert [b"".join(archive.read(member)) for member in archive.members] == [*members.values()]
    assert [member.size for member in archive.members] == [len(content) for content in members.values()]
    assert (archive.refused, archive.skipped) == ([], 0)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_other_programs_are_read(method: int) -> None:
    archive = opened(packed({"a.json": MUSIC, "deep/er/b.json.json": EXTENDED}, method))
    assert [(member.name, member.format) for member in archive.members] == [
        ("a.json", "account_music"),
        ("b.json.json", "extended"),
    ]


def test_what_is_no_history_is_skipped_quietly_and_counted() -> None:
    others = {
        "MyData/Playlist1.json": b'{"playlists": []}',
        "MyData/YourLibrary.json": b"broken",
        "MyData/Follow.json": MUSIC,
        "MyData/ReadMeFirst.pdf": b"%PDF",
        "MyData/Unheard.json": b'[{"x": 1}]',
        "MyData/picture.png": b"\x89PNG",
        "__MACOSX/._StreamingHistory0.json": b"\0\5\26\7",
    }
    archive = opened(packed({**others, "history of mine.txt": MUSIC}))
    assert [member.name for member in archive.members] == ["history of mine.txt"]
    assert (archive.refused, archive.skipped) == ([], len(others))


def test_a_member_that_should_be_a_history_is_refused_by_name_and_the_others_go_on() -> None:
    archive = opened(
        packed(
            {
                "StreamingHistory0.json": b"",
                "StreamingHistory1.json": b"\n",
                "endsong_0.json": b"oops",
                "Streaming_History_Audio_2020.json": b"[1]",
                "renamed.json": b"oops",
                "inner.zip": packed({"StreamingHistory0.json": MUSIC}),
                "good.json": MUSIC,
            }
        )
    )
    assert [member.name for member in archive.members] == ["good.json"]
    assert reasons(archive) == {
        "StreamingHistory0.json": Reason.EMPTY_FILE,
        "StreamingHistory1.json": Reason.EMPTY_FILE,
        "endsong_0.json": Reason.NOT_JSON,
        "Streaming_History_Audio_2020.json": Reason.NOT_A_HISTORY,
        "renamed.json": Reason.NOT_JSON,
        "inner.zip": Reason.ARCHIVE_NESTED,
    }


@pytest.mark.parametrize(
    "content", [b"no archive", MUSIC, b"PK\x03\x04", write_zip({"a.json": MUSIC})[:-30], b"PK\x05\x06" + b"\0" * 10]
)
def test_what_is_no_archive_is_broken(content: bytes) -> None:
    assert refusal(content).reason is Reason.ARCHIVE_BROKEN


DIRECTORY_BEFORE_THE_FILE = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2_000, 0, 0)


@pytest.mark.parametrize("content", [write_zip({"a.json": MUSIC})[50:], DIRECTORY_BEFORE_THE_FILE])
def test_an_archive_without_its_beginning_is_broken_in_a_real_file_too(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(ExportError) as caught:
        open_archive(file)
    assert caught.value.reason is Reason.ARCHIVE_BROKEN


def test_a_member_that_reaches_into_the_directory_is_refused() -> None:
    content = bytearray(packed({"endsong.json": EXTENDED}, zipfile.ZIP_STORED))
    at = content.index(b"PK\x01\x02") + 20
    content[at : at + 4] = struct.pack("<L", len(EXTENDED) + 1)
    assert refusal(bytes(content)).reason is Reason.ARCHIVE_BROKEN


def test_an_empty_file_is_called_empty() -> None:
    assert refusal(b"").reason is Reason.EMPTY_FILE


@pytest.mark.parametrize("members", [{}, {"Playlist1.json": b"{}", "x.json": b"[1]"}])
def test_an_archive_without_history_is_refused(members: dict[str, bytes]) -> None:
    assert refusal(packed(members)).reason is Reason.ARCHIVE_WITHOUT_HISTORY
    assert refusal(write_zip(members)).reason is Reason.ARCHIVE_WITHOUT_HISTORY


def test_an_encrypted_member_is_refused_by_name() -> None:
    content = bytearray(packed({"StreamingHistory0.json": MUSIC, "endsong.json": EXTENDED}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive = opened(bytes(content))
    assert reasons(archive) == {"StreamingHistory0.json": Reason.ARCHIVE_ENCRYPTED}
    assert [member.name for member in archive.members] == ["endsong.json"]


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_methods_that_may_ask_for_any_memory_are_unsupported(method: int) -> None:
    assert reasons(opened(packed({"endsong.json": EXTENDED}, method))) == {"endsong.json": Reason.ARCHIVE_UNSUPPORTED}


def test_a_damaged_member_is_refused_before_anything_of_it_is_handed_out() -> None:
    content = bytearray(packed({"StreamingHistory0.json": MUSIC, "endsong.json": EXTENDED}, zipfile.ZIP_STORED))
    content[content.index(b'"msPlayed": 49') + 12] = ord("9")
    archive = opened(bytes(content))
    assert reasons(archive) == {"StreamingHistory0.json": Reason.ARCHIVE_BROKEN}
    assert [member.name for member in archive.members] == ["endsong.json"]


def test_a_member_that_lies_about_its_size_is_damaged() -> None:
    content = bytearray(packed({"endsong.json": EXTENDED}))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<L", 100)
    assert reasons(opened(bytes(content))) == {"endsong.json": Reason.ARCHIVE_BROKEN}
    content[at : at + 4] = struct.pack("<L", len(EXTENDED) + 1)
    assert reasons(opened(bytes(content))) == {"endsong.json": Reason.ARCHIVE_BROKEN}


def test_a_file_over_the_limit_is_refused_with_limit_and_size() -> None:
    archive = opened(packed({"endsong.json": EXTENDED, "good.json": MUSIC}), file_bytes=len(MUSIC))
    assert reasons(archive) == {"endsong.json": Reason.TOO_LARGE}
    assert f"{len(EXTENDED):,}" in archive.refused[0].message
    assert f"{len(MUSIC):,}" in archive.refused[0].message
    assert [member.name for member in archive.members] == ["good.json"]


def test_an_archive_over_the_limit_is_refused_with_limit_and_size() -> None:
    error = refusal(packed({"a.json": MUSIC, "b.json": MUSIC}), total_bytes=2 * len(MUSIC) - 1)
    assert error.reason is Reason.ARCHIVE_TOO_LARGE
    assert f"{2 * len(MUSIC):,}" in error.message
    assert f"{2 * len(MUSIC) - 1:,}" in error.message
    assert len(opened(packed({"a.json": MUSIC, "b.json": MUSIC}), total_bytes=2 * len(MUSIC)).members) == 2


def test_too_many_histories_are_refused_with_limit_and_number() -> None:
    content = packed({f"{number}.json": MUSIC for number in range(4)})
    assert len(opened(content, files=4).members) == 4
    error = refusal(content, files=3)
    assert error.reason is Reason.ARCHIVE_TOO_MANY_FILES
    assert "4" in error.message
    assert "3" in error.message


def test_too_many_members_are_refused() -> None:
    content = packed({str(number): b"" for number in range(30)})
    assert refusal(content, members=29).reason is Reason.ARCHIVE_TOO_MANY_FILES
    assert refusal(content, members=2).reason is Reason.ARCHIVE_TOO_MANY_FILES
    assert refusal(content, members=30).reason is Reason.ARCHIVE_WITHOUT_HISTORY
    assert len(opened(packed({"a.json": MUSIC}, zipfile.ZIP_STORED), members=1).members) == 1


def test_a_hundred_thousand_members_are_refused() -> None:
    entry = zlib.compressobj(wbits=-15).flush()
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(entry), 0, 1, 0) + b"a" + entry
    central = [
        struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(entry), 0, 1, 0, 0, 0, 0, 0, n * len(local)
        )
        + b"a"
        for n in range(100_000)
    ]
    directory = b"".join(central)
    start = 100_000 * len(local)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 100_000, 100_000, len(directory), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(directory), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    file = RecordingFile(local * 100_000 + directory + end64 + locator + end)
    with pytest.raises(ExportError) as caught:
        open_archive(file)
    assert caught.value.reason is Reason.ARCHIVE_TOO_MANY_FILES
    assert file.largest_read < len(directory)


def quoted_overlap_bomb(copies: int) -> bytes:
    """Pack members of which each quotes the local header of the next, so that all share the last one's data."""
    content = b"[" + b" " * 100_000 + MUSIC[1:]
    compressor = zlib.compressobj(9, wbits=-15)
    data = compressor.compress(content) + compressor.flush()
    body, crc, size = data, zlib.crc32(content), len(content)
    tail, entries = b"", []
    plain = content
    for number in reversed(range(copies)):
        name = b"%04d.json" % number
        if number < copies - 1:
            body = b"\0" + struct.pack("<HH", len(tail), len(tail) ^ 0xFFFF) + tail_data(tail, body)
            plain = tail + plain
            crc, size = zlib.crc32(plain), len(plain)
        tail = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(body), size, len(name), 0) + name
        entries.append((name, crc, len(body), size, len(tail) + len(body)))
    archive = tail + body
    directory = b"".join(
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            20,
            20,
            0,
            8,
            0,
            0,
            crc,
            packed_size,
            size,
            len(name),
            0,
            0,
            0,
            0,
            0,
            len(archive) - behind,
        )
        + name
        for name, crc, packed_size, size, behind in reversed(entries)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), len(archive), 0)
    return archive + directory + end


def tail_data(tail: bytes, body: bytes) -> bytes:
    return tail + body


def test_members_that_share_their_data_are_refused() -> None:
    bomb = quoted_overlap_bomb(20)
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert all(len(archive.read(info)) > 100_000 for info in archive.infolist())
    assert refusal(bomb).reason is Reason.ARCHIVE_BROKEN


def test_two_entries_for_the_same_data_are_refused() -> None:
    content = packed({"endsong.json": EXTENDED})
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    doubled = content[:start] + entry * 2 + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    assert refusal(doubled).reason is Reason.ARCHIVE_BROKEN


def test_names_are_never_paths_and_always_fit_to_show() -> None:
    names = ["../../etc/a.json", "C:\\x\\b.json", "/c.json", "d\x1b[31m\u202e.json", "e" * 300 + ".json"]
    archive = opened(packed(dict.fromkeys(names, MUSIC)))
    assert [member.name for member in archive.members] == ["a.json", "b.json", "c.json", "d[31m.json", "e" * 255]


def test_a_member_is_handed_out_in_small_pieces() -> None:
    large = file_of(*[account_row(msPlayed=length) for length in range(30_000)])
    archive = opened(packed({"a.json": large}))
    sizes = [len(piece) for piece in archive.read(archive.members[0])]
    assert sum(sizes) == len(large)
    assert max(sizes) <= 1 << 20
    assert len(sizes) > 2


@pytest.mark.parametrize("seed", range(60))
def test_damage_anywhere_gives_a_typed_error_or_a_refusal(seed: int) -> None:
    content = bytearray(write_zip({"endsong.json": EXTENDED, "StreamingHistory0.json": MUSIC}))
    place = len(content) * seed // 60
    content[place : place + 3] = bytes(byte ^ 0x5A for byte in content[place : place + 3])
    try:
        archive = opened(bytes(content))
    except ExportError:
        return
    assert {b"".join(archive.read(member)) for member in archive.members} <= {EXTENDED, MUSIC}
