import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats import ExportError, Inflater, Reason

LIMIT = 1 << 22


def inflate(content: bytes, step: int = 1_000, limit: int = LIMIT) -> bytes:
    inflater = Inflater(limit)
    pieces = [piece for start in range(0, len(content), step) for piece in inflater.feed(content[start : start + step])]
    inflater.finish()
    assert inflater.size == sum(map(len, pieces))
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)
    return b"".join(pieces)


def refusal(content: bytes, limit: int = LIMIT) -> ExportError:
    with pytest.raises(ExportError) as caught:
        inflate(content, limit=limit)
    return caught.value


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 50))
def test_a_file_of_several_parts_comes_out_whole_whatever_the_chunks(parts: list[bytes], step: int) -> None:
    assert inflate(b"".join(map(gzip.compress, parts)), step) == b"".join(parts)


def test_a_large_file_comes_out_in_pieces() -> None:
    content = bytes(range(256)) * 12_000
    assert inflate(gzip.compress(content, mtime=0), 1 << 20) == content


def test_zeros_behind_the_last_part_are_padding() -> None:
    assert inflate(gzip.compress(b"abc", mtime=0) + b"\0" * 2_000) == b"abc"


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not() -> None:
    content = gzip.compress(b"x" * 5_000, mtime=0)
    assert len(inflate(content, limit=5_000)) == 5_000
    error = refusal(content, limit=4_999)
    assert error.reason is Reason.TOO_LARGE
    assert "4,999" in error.message


def test_a_bomb_is_stopped_at_the_limit() -> None:
    pieces = Inflater(LIMIT).feed(gzip.compress(b"\0" * (3 * LIMIT), mtime=0))
    assert sum(len(next(pieces)) for _ in range(LIMIT >> 20)) == LIMIT
    with pytest.raises(ExportError):
        next(pieces)


def test_a_limit_counts_over_all_parts() -> None:
    assert refusal(gzip.compress(b"x" * 600, mtime=0) * 2, limit=1_000).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain text",
        gzip.compress(b"abc" * 100, mtime=0)[:-1],
        gzip.compress(b"abc" * 100, mtime=0)[:5],
        gzip.compress(b"abc", mtime=0) + b"trailing",
        gzip.compress(b"abc", mtime=0)[:-8] + b"\0" * 8,
        zlib.compress(b"abc"),
        gzip.compress(b"", mtime=0) * 10_001,
    ],
)
def test_what_is_no_whole_gzip_file_is_broken(content: bytes) -> None:
    assert refusal(content).reason is Reason.GZIP_BROKEN
