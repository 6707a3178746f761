import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats import ExportError, Reason, Rejection
from export_formats.formats.account_music import AccountMusicRow
from export_formats.rows import RowReader
from tests.unit.export_formats.exports import account_row

SMALL_BLOCK = 40


def tracks(text: bytes, block_bytes: int = SMALL_BLOCK) -> list[Any]:
    rows = [row for rows in RowReader(AccountMusicRow, block_bytes).read([text]) for row in rows]
    return [row if isinstance(row, Rejection) else row.track for row in rows]


def refusal(text: bytes) -> ExportError:
    with pytest.raises(ExportError) as caught:
        tracks(text)
    return caught.value


HOSTILE_NAMES = ["}, {", '"},{"', "}\\", "\\", '\\"},', "[", "]}", ",", '}, \n {"a": 1', "é}, 🎈"]


@pytest.mark.parametrize("block_bytes", [1, 7, 40, 150, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_names_that_look_like_row_ends_do_not_cut_a_block(block_bytes: int, indent: int | None) -> None:
    rows = [account_row(trackName=f"{number}{name}") for number, name in enumerate(HOSTILE_NAMES * 3)]
    text = json.dumps(rows, indent=indent).encode()
    assert tracks(text, block_bytes) == [row["trackName"] for row in rows]


def test_nested_unknown_fields_do_not_cut_a_block() -> None:
    nested = {"x": [{"y": [{}, {}, {"z": "},{"}]}, {"y": 1}, {"y": 2}], "w": {"v": {}}}
    rows = [account_row(trackName=str(number), extra=nested) for number in range(20)]
    assert tracks(json.dumps(rows).encode()) == [str(number) for number in range(20)]


TEXTS = st.text(st.sampled_from('{}[],:"\\ aé\n'), max_size=12)
VALUES = st.recursive(
    TEXTS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.builds(lambda track, extra: account_row(trackName=track, x=extra), TEXTS, VALUES), max_size=6)


@given(ROWS, st.booleans(), st.sampled_from([None, 1]), st.integers(1, 300))
def test_blocks_give_the_rows_that_one_decoding_gives(
    rows: list[dict[str, Any]], is_ascii: bool, indent: int | None, block_bytes: int
) -> None:
    text = json.dumps(rows, ensure_ascii=is_ascii, indent=indent).encode()
    assert tracks(text, block_bytes) == [row["trackName"] for row in rows]


@given(st.binary(max_size=6), st.integers(0, 400), st.integers(0, 4), st.integers(1, 300))
def test_blocks_refuse_what_one_decoding_refuses(junk: bytes, place: int, dropped: int, block_bytes: int) -> None:
    text = json.dumps([account_row(), account_row(trackName="}, {"), {}, account_row(x=[{}, {}])]).encode()
    damaged = text[:place] + junk + text[place + dropped :]
    try:
        msgspec.json.decode(damaged, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        with pytest.raises(ExportError):
            tracks(damaged, block_bytes)
    else:
        tracks(damaged, block_bytes)


@pytest.mark.parametrize(
    "text", ["[%s,]", "[,%s]", "[%s,,%s]", "[%s]]", "[%s],[%s]", "[%s] x ]", "[%s", "[%s}", "[%s %s]", "[%sx,%s]"]
)
def test_broken_lists_are_not_json(text: str) -> None:
    row = json.dumps(account_row())
    assert refusal(text.replace("%s", row).encode()).reason is Reason.NOT_JSON


def test_a_refusal_names_the_byte_at_which_the_file_breaks() -> None:
    rows = [json.dumps(account_row(trackName=str(number))) for number in range(50)]
    text = "[" + ",".join(rows[:30]) + "x," + ",".join(rows[30:]) + "]"
    assert f"byte {text.index('x,'):,}." in refusal(text.encode()).message


def test_a_file_cut_in_the_middle_breaks_at_its_end() -> None:
    text = json.dumps([account_row()] * 30).encode()[:1_777]
    assert "byte 1,777." in refusal(text).message


def test_a_deeply_nested_unknown_field_is_too_deep() -> None:
    text = json.dumps([account_row(x="X")] * 3).encode().replace(b'"X"', b"[" * 5_000 + b"]" * 5_000)
    assert refusal(text).reason is Reason.TOO_DEEP


def test_a_bomb_of_brackets_is_refused_at_once() -> None:
    text = b"[" + json.dumps(account_row()).encode() + b',{"x": ' + b"[" * 30_000_000 + b"]"
    started = time.process_time()
    assert refusal(text).reason is Reason.TOO_DEEP
    assert time.process_time() - started < 5


def test_an_unfinished_string_full_of_quotes_is_refused_in_linear_time() -> None:
    text = b"[" + json.dumps(account_row()).encode() + b',{"x": "},' + b'\\"},' * 500_000 + b"\\]"
    assert refusal(text).reason is Reason.NOT_JSON


def test_a_single_row_larger_than_many_blocks_is_read() -> None:
    rows = [account_row(trackName="before"), account_row(x="},{" * 100_000), account_row(trackName="behind")]
    assert tracks(json.dumps(rows).encode(), 1_000) == ["before", "Ashes", "behind"]


@pytest.mark.parametrize("name", ["Ashes", "},{" * 20])
def test_blocks_are_neither_large_nor_many_even_where_names_look_like_row_ends(name: str) -> None:
    rows = [account_row(trackName=name)] * 5_000
    row_bytes = len(json.dumps(rows[0])) + 2
    blocks = RowReader(AccountMusicRow, row_bytes * 100).read([json.dumps(rows).encode()])
    sizes = [len(block) for block in blocks]
    assert sum(sizes) == 5_000
    assert len(sizes) >= 48
    assert all(95 <= size <= 105 for size in sizes[:-1])


@pytest.mark.parametrize("row", ["{}", "0", '"},{"', "[{},{}]"])
def test_blocks_of_tiny_rows_of_any_kind_stay_small(row: str) -> None:
    text = f"[{','.join([row] * 20_000)}]".encode()
    sizes = [len(block) for block in RowReader(AccountMusicRow, 1_000).read([text])]
    assert sum(sizes) == 20_000
    assert max(sizes) <= 1_001
