import gzip
import io
import zipfile

import pytest

from export_formats import Archive, ArchiveLimits, ExportError, Reason, SingleFile, open_bundle
from tests.unit.export_formats.exports import account_row, extended_row, file_of

MUSIC = file_of(*[account_row(msPlayed=length) for length in range(3_000)])
LIMITS = ArchiveLimits(file_bytes=1_000_000)


def archive_of(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def opened(content: bytes, name: str = "history.json") -> Archive | SingleFile:
    return open_bundle(io.BytesIO(content), name, LIMITS)


@pytest.mark.parametrize(("name", "shown"), [("x.json", "x.json"), ("a/b/x.json.gz", "x.json"), ("x.zip", "x.zip")])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_single_file_is_a_bundle_of_one(name: str, shown: str, pack: type[bytes]) -> None:
    bundle = opened(pack(MUSIC), name)
    (member,) = bundle.members
    assert (member.name, member.format, member.size) == (shown, "account_music", len(MUSIC))
    pieces = list(bundle.read(member))
    assert b"".join(pieces) == MUSIC
    assert max(map(len, pieces)) <= 1 << 20
    assert (bundle.refused, bundle.skipped) == ([], 0)


@pytest.mark.parametrize("name", ["x.json", "x.zip", "x"])
def test_an_archive_is_one_whatever_its_name(name: str) -> None:
    bundle = opened(archive_of(a=MUSIC, b=file_of(extended_row())), name)
    assert isinstance(bundle, Archive)
    assert [member.format for member in bundle.members] == ["account_music", "extended"]


def test_an_archive_behind_another_program_is_one_when_it_is_named_so() -> None:
    assert isinstance(opened(b"#!/bin/sh\n" + archive_of(a=MUSIC), "x.zip"), Archive)


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "x.json", Reason.EMPTY_FILE),
        (b"", "x.zip", Reason.EMPTY_FILE),
        (b"hello", "x.json", Reason.NOT_JSON),
        (b"hello", "x.zip", Reason.ARCHIVE_BROKEN),
        (b"[1]", "x.json", Reason.NOT_A_HISTORY),
        (b"PK\x03\x04", "x.json", Reason.ARCHIVE_BROKEN),
        (gzip.compress(MUSIC)[:-9], "x.json.gz", Reason.GZIP_BROKEN),
        (gzip.compress(MUSIC * 4), "x.json.gz", Reason.TOO_LARGE),
        (MUSIC * 4, "x.json", Reason.TOO_LARGE),
        (gzip.compress(archive_of(a=MUSIC)), "x.zip.gz", Reason.NOT_JSON),
    ],
)
def test_what_is_no_bundle_is_refused_with_a_reason(content: bytes, name: str, reason: Reason) -> None:
    with pytest.raises(ExportError) as caught:
        opened(content, name)
    assert caught.value.reason is reason
