"""The corpus of hostile files against the package alone; what a running stack makes of it is tested there."""

from __future__ import annotations

import io

import pytest

from export_formats import HEAD_BYTES, ExportError, Inflater, open_archive, parse, recognise_head
from tests.hostile_archives import HostileArchive, NotOpened, Opened, hostile_archives
from tests.hostile_files import Hostile, Read, Refused, hostile_files

# Only the gateway tells archives from other things that are no JSON, and only it turns away what does not begin as one.
FILES = [file for file in hostile_files() if file.outcome != Refused("IS_AN_ARCHIVE")]
ARCHIVES = [archive for archive in hostile_archives() if not getattr(archive.outcome, "at_the_door", False)]


def inflated(content: bytes) -> bytes:
    """Undoes gzip where there is some, as the gateway does."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    inflater = Inflater(1 << 20)
    pieces = [*inflater.feed(content)]
    inflater.finish()
    return b"".join(pieces)


def what_becomes_of(content: bytes) -> Read | Refused:
    """Looks at the head and then at the whole, as the gateway and a worker do."""
    try:
        whole = inflated(content)
        recognise_head(whole[:HEAD_BYTES], len(whole) <= HEAD_BYTES)
        parsed = parse(whole)
    except ExportError as error:
        return Refused(error.reason)
    return Read(parsed.total_rows, parsed.rejections)


def what_becomes_of_archive(content: bytes) -> Opened | NotOpened:
    try:
        opened = open_archive(io.BytesIO(content))
    except ExportError as error:
        return NotOpened(error.reason)
    assert all(b"".join(opened.read(member)) for member in opened.members)
    refused = {refusal.name: refusal.reason for refusal in opened.refused}
    return Opened(tuple(member.name for member in opened.members), refused, opened.skipped)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_hostile_file_is_read_or_refused_for_a_reason(file: Hostile) -> None:
    assert what_becomes_of(file.content) == file.outcome


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_a_hostile_archive_is_opened_or_refused_for_a_reason(archive: HostileArchive) -> None:
    assert what_becomes_of_archive(archive.make()) == archive.outcome
