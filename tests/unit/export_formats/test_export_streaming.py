"""A file in pieces gives what it gives as a whole, and what is held of it does not grow with it."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats import ExportError, ExportReader, Plays, Reason, parse
from export_formats.encodings import to_utf8, utf8_pieces
from export_formats.identity_table import IdentityTable
from export_formats.later_covers import MAX_COVERS, MAX_COVERS_A_FILE, LaterCovers
from export_formats.rows import MAX_ROW_BYTES
from tests.unit.export_formats.exports import account_row, extended_row, file_of

LIMIT = 100 << 20


def cut(content: bytes, sizes: list[int]) -> list[bytes]:
    """Cut content into pieces of these sizes, again and again."""
    pieces, start, turn = [], 0, 0
    while start < len(content):
        size = sizes[turn % len(sizes)]
        pieces.append(content[start : start + size])
        start, turn = start + size, turn + 1
    return pieces


def read(pieces: list[bytes] | Iterator[bytes], limit: int = LIMIT) -> tuple[ExportReader, Plays]:
    reader = ExportReader(pieces, limit_bytes=limit)
    plays = Plays()
    for part in reader.parts():
        plays.append(part)
    for place, covers in reader.later_covers.of_plays(0, len(plays)):
        plays.more_covers[place] = covers
    return reader, plays


def refusal(content: bytes, limit: int = LIMIT) -> ExportError:
    with pytest.raises(ExportError) as caught:
        read([content], limit)
    return caught.value


ROWS = [account_row(trackName=f"Ashes {number}é", msPlayed=number) for number in range(2_000)]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("sizes", [[1, 2, 3], [65_536], [65_537, 1], [1 << 20]])
def test_pieces_of_any_size_in_any_encoding_give_the_whole_file(encoding: str, sizes: list[int]) -> None:
    content = json.dumps(ROWS, ensure_ascii=False).encode(encoding)
    reader, plays = read(cut(content, sizes))
    assert plays == parse(content).plays
    assert reader.summary.total_rows == len(ROWS)


@given(st.text(max_size=40), st.sampled_from(["utf-8", *ENCODINGS[1:]]), st.lists(st.integers(1, 9), min_size=1))
def test_text_in_pieces_is_the_whole_text(text: str, encoding: str, sizes: list[int]) -> None:
    content = text.encode(encoding)
    assert b"".join(utf8_pieces(cut(content, sizes))) == to_utf8(content)


def test_a_compressed_file_is_read_like_the_plain_one() -> None:
    content = file_of(*ROWS)
    reader, plays = read(cut(gzip.compress(content), [1_000]))
    assert plays == parse(content).plays
    assert reader.summary.format == "account_music"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(file_of(*ROWS))[:-9], Reason.GZIP_BROKEN),
        (gzip.compress(b" " * 1_000_000), Reason.TOO_LARGE),
        (b" " * 200_000, Reason.NOT_JSON),
        (file_of(*ROWS) * 2, Reason.TOO_LARGE),
        (gzip.compress(gzip.compress(file_of(*ROWS))), Reason.NOT_JSON),
    ],
)
def test_a_file_of_no_use_is_refused_in_pieces_too(content: bytes, reason: Reason) -> None:
    assert refusal(content, limit=len(file_of(*ROWS)) + 1).reason is reason


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_that_ends_inside_a_character_is_cut(encoding: str) -> None:
    assert refusal(json.dumps(ROWS).encode(encoding)[:-1]).reason is Reason.NOT_JSON


def test_parts_are_never_large_even_where_rows_are() -> None:
    long = [account_row(trackName=f"{number} " + "x" * 1_900, msPlayed=number) for number in range(6_000)]
    parts = list(ExportReader([file_of(*long)]).parts())
    assert sum(map(len, parts)) == 6_000
    assert max(map(len, parts)) < 3_500
    short = list(ExportReader([file_of(*(account_row(msPlayed=number) for number in range(12_000)))]).parts())
    assert [len(part) for part in short] == [5_000, 5_000, 2_000]


@pytest.mark.parametrize("field", ["trackName", "unknown"])
def test_a_row_larger_than_any_play_is_refused(field: str) -> None:
    row = account_row(**{field: "x" * (MAX_ROW_BYTES + (3 << 20))})
    error = refusal(file_of(account_row(), row, account_row()))
    assert error.reason is Reason.TOO_LARGE
    assert f"{MAX_ROW_BYTES:,} bytes" in error.message


def test_a_broken_row_is_not_called_too_large() -> None:
    text = file_of(*ROWS * 80).replace(b'"Ashes 700', b'"Ashes" 700', 1)
    error = refusal(text)
    assert error.reason is Reason.NOT_JSON
    assert f"byte {text.index(b' 700') + 1:,}" in error.message


def drifted(number: int) -> dict[str, Any]:
    return extended_row(master_metadata_track_name=f"Name {number}")


def test_a_name_that_comes_parts_later_is_still_a_name_of_the_first_play() -> None:
    others = [extended_row(ms_played=number, spotify_track_uri=f"u{number}") for number in range(11_000)]
    reader, plays = read([file_of(drifted(1), *others, drifted(2), drifted(1), drifted(2), drifted(3))])
    assert reader.summary.merged_rows == 4
    covers = plays.more_covers[0]
    names = [parse(file_of(drifted(number))).plays.cover[0] for number in (2, 3)]
    assert list(covers) == names
    assert not any(plays.more_covers[1:])


def test_a_play_under_more_names_than_any_has_is_refused() -> None:
    allowed = file_of(*(drifted(number) for number in range(MAX_COVERS + 1)))
    assert len(read([allowed])[1].more_covers[0]) == MAX_COVERS
    error = refusal(file_of(*(drifted(number) for number in range(MAX_COVERS + 2))))
    assert error.reason is Reason.TOO_MANY_NAMES
    assert f"{MAX_COVERS:,}" in error.message


def test_plays_under_more_names_in_all_than_any_file_has_are_refused() -> None:
    later = LaterCovers()
    for number in range(MAX_COVERS_A_FILE):
        later.add(number % 1_000, number.to_bytes(16, "little"))
        later.add(number % 1_000, number.to_bytes(16, "little"))
    with pytest.raises(ExportError, match=f"{MAX_COVERS_A_FILE:,}") as caught:
        later.add(1_001, b"x" * 16)
    assert caught.value.reason is Reason.TOO_MANY_NAMES


def test_a_large_file_of_another_shape_is_called_that_though_one_of_its_rows_is_huge() -> None:
    rows = [{"x": number} for number in range(20_000)]
    assert refusal(file_of(*rows, {"x": "y" * (3 * MAX_ROW_BYTES)})).reason is Reason.NOT_A_HISTORY


def test_a_table_of_identities_agrees_with_a_dict_beyond_its_first_sizes() -> None:
    rng = random.Random(7)
    table, expected = IdentityTable(), dict[bytes, int]()
    for _ in range(260_000):
        identity = rng.randrange(200_000).to_bytes(16, "little")
        assert table.place_of(identity) == expected.setdefault(identity, len(expected))
        assert len(table) == len(expected)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from([b"a", b"b", b"c"])), max_size=20), st.integers(0, 7))
def test_later_covers_come_by_place_each_once(noted: list[tuple[int, bytes]], start: int) -> None:
    later, expected = LaterCovers(), dict[int, dict[bytes, None]]()
    for place, letter in noted:
        later.add(place, letter * 16)
        expected.setdefault(place, {})[letter * 16] = None
    later.finish()
    wanted = [(place, tuple(expected[place])) for place in sorted(expected) if start <= place < start + 3]
    assert list(later.of_plays(start, start + 3)) == wanted


PEAK = """
import json, resource, sys
from export_formats import ExportReader

def pieces(rows):
    yield b"["
    for number in range(rows):
        row = {"endTime": f"2024-01-{number % 28 + 1:02} 10:{number % 60:02}", "artistName": "a", "trackName": "t"}
        yield json.dumps({**row, "msPlayed": number}).encode() + (b"]" if number == rows - 1 else b",")

rows = int(sys.argv[1])
assert sum(map(len, ExportReader(pieces(rows)).parts())) == rows
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kilobytes(rows: int) -> int:
    run = subprocess.run([sys.executable, "-c", PEAK, str(rows)], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_what_is_held_does_not_grow_with_the_bytes() -> None:
    # Of twelve megabytes more, the identities alone: sixteen bytes and a slot each.
    assert peak_kilobytes(200_000) - peak_kilobytes(70_000) < 8_000
