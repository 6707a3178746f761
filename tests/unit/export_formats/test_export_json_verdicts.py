"""Every kind of JSON that a parser may get wrong, as an unknown field of a sound row."""

import json

import pytest

from export_formats import ExportError, Reason, parse
from tests.unit.export_formats.exports import account_row

VALID = [
    "0", "-0", "1.5", "1e5", "1E+5", "1e-400", "123456789012345678901234567890", "-1.0e-10", "1e400",
    "true", "false", "null", '""', '"\\""', r'"\\ \/ \b \f \n \r \t A"', r'"\ud83c\udf88"', r'"\ud800"',
    r'"\udc00\ud800"', '"\u007f"', '"\u2028\u2029"', r'"\u0000"', "[]", "[ ]", "{}", '{"":0}',
    '{"a":1,"a":2}', '[[[],{}],null]', '[1 , 2 ]', '{ "a" : [ ] }',
]  # fmt: skip

BROKEN = [
    "", "01", "+1", ".5", "1.", "1e", "1e+", "-", "--1", "0x1", "1_000", "NaN", "Infinity", "-Infinity",
    "nan", "nul", "True", "undefined", "'a'", '"', '"\\"', '"\t"', '"\n"', '"\x00"', r'"\x41"', r'"\u12"',
    r'"\u12G4"', r'"\a"', "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1", "1]", "{", '{"a"}', '{"a":}', '{"a":1,}',
    "{,}", "{1:1}", "{a:1}", "{'a':1}", '{"a":1 "b":2}', '{"a"::1}', "// x\n1", "/* x */ 1", "1 // x",
    "\u00a01", "\ufeff1", "\x0b1", "\x0c1", "[1}", '{"a":1]', '"a" "b"', "1;", "<1>",
]  # fmt: skip


def file_with(value: str) -> bytes:
    row = json.dumps(account_row(extra="VALUE"))
    return f"[{row},{row.replace('124979', '1')},{row}]".replace('"VALUE"', value).encode()


@pytest.mark.parametrize("value", VALID)
def test_valid_json_is_read(value: str) -> None:
    parsed = parse(file_with(value))
    assert (parsed.total_rows, len(parsed.plays), parsed.merged_rows) == (3, 2, 1)


@pytest.mark.parametrize("value", BROKEN)
def test_broken_json_is_refused(value: str) -> None:
    with pytest.raises(ExportError) as caught:
        parse(file_with(value))
    assert caught.value.reason is Reason.NOT_JSON


@pytest.mark.parametrize("value", VALID)
def test_valid_json_that_is_no_history_is_not_called_broken(value: str) -> None:
    if value in {"[]", "[ ]"}:
        assert parse(value.encode()).format == "empty"
        return
    with pytest.raises(ExportError) as caught:
        parse(value.encode())
    assert caught.value.reason is Reason.NOT_A_HISTORY


@pytest.mark.parametrize("value", [value for value in BROKEN if value])
def test_broken_json_alone_is_called_broken(value: str) -> None:
    with pytest.raises(ExportError) as caught:
        parse(b" " + value.encode())
    assert caught.value.reason is Reason.NOT_JSON
