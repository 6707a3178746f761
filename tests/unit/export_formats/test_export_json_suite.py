"""The verdict on every kind of JSON, wherever it may stand in a file: valid or not, there is no wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from export_formats import HEAD_BYTES, ExportError, Reason, parse
from tests.unit.export_formats.exports import account_row
from tests.unit.export_formats.json_cases import (
    READ,
    Cases,
    broken_cases,
    encoded_cases,
    open_cases,
    valid_cases,
)

BLOCK_BYTES = 1 << 20
"""At this distance the reader cuts a file, wherever a row seems to end."""

Placed = Callable[[bytes], bytes]
Chosen = Callable[[Cases], Cases]

GOOD = json.dumps(account_row()).encode()
REFUSALS = {Reason.NOT_JSON, Reason.TOO_DEEP}


def as_a_row(case: bytes) -> bytes:
    """Puts a value between two rows."""
    return b"[%b,%b,%b]" % (GOOD, case, GOOD)


def as_a_field(name: str) -> Placed:
    """Puts a value into a row between two, as a field that is wanted or one that nobody knows."""

    def place(case: bytes) -> bytes:
        row = account_row(**{name: "VALUE"})
        return as_a_row(json.dumps(row).encode().replace(b'"VALUE"', case))

    return place


def as_a_field_at(border: int, shift: int) -> Placed:
    """Puts a value into a row so that its middle, shifted by some bytes, stands at a border."""

    def place(case: bytes) -> bytes:
        begin = b'[%b,{"pad":"' % GOOD
        behind = b'","value":'
        padding = max(0, border + shift - len(case) // 2 - len(begin) - len(behind))
        return begin + b"x" * padding + behind + case + b"," + GOOD[1:] + b"," + GOOD + b"]"

    return place


def as_a_field_of_the_first_row(case: bytes) -> bytes:
    """Puts a value where the first 64 KiB end, which is all that the gateway sees."""
    begin = GOOD[:-1] + b',"pad":"'
    padding = HEAD_BYTES - len(begin) - len(case) // 2 - len(b'","value":')
    return b"[" + begin + b"x" * max(0, padding) + b'","value":' + case + b"}]"


def as_a_row_at(border: int) -> Placed:
    """Puts a value as a row of its own across a border."""

    def place(case: bytes) -> bytes:
        begin = b'[%b,{"pad":"' % GOOD
        behind = b'",%b,' % GOOD[1:]
        padding = max(0, border - len(case) // 2 - len(begin) - len(behind))
        return begin + b"x" * padding + behind + case + b"," + GOOD + b"]"

    return place


PLACES: dict[str, Placed] = {
    "a row": as_a_row,
    "an unknown field": as_a_field("extra"),
    "the time": as_a_field("endTime"),
    "a name": as_a_field("trackName"),
    "a number": as_a_field("msPlayed"),
    "a field where the head ends": as_a_field_of_the_first_row,
}
FAR_PLACES: dict[str, Placed] = {
    "a field before a block's end": as_a_field_at(BLOCK_BYTES, -100),
    "a field at a block's end": as_a_field_at(BLOCK_BYTES, 0),
    "a field behind a block's end": as_a_field_at(BLOCK_BYTES, 100),
    "a row at a block's end": as_a_row_at(BLOCK_BYTES),
}
# Each of these is a mebibyte to be read, so only every so manieth case is put there, unless there is time.
SPARSE = 20


def all_of(cases: Cases) -> Cases:
    return cases


def some_of(first: int) -> Chosen:
    """Gives every so manieth case from one on, so that other places get other cases."""

    def chosen(cases: Cases) -> Cases:
        return {name: case for number, (name, case) in enumerate(cases.items()) if number % SPARSE == first}

    return chosen


places = pytest.mark.parametrize(
    ("place", "chosen"),
    [
        *(pytest.param(place, all_of, id=name) for name, place in PLACES.items()),
        *(
            pytest.param(place, some_of(number), id=f"some as {name}")
            for number, (name, place) in enumerate(FAR_PLACES.items())
        ),
        *(pytest.param(place, all_of, id=name, marks=pytest.mark.long) for name, place in FAR_PLACES.items()),
    ],
)


def verdict(content: bytes) -> Reason | None:
    """Tells why a file is refused; nothing where it is read."""
    try:
        parse(content)
    except ExportError as error:
        return error.reason
    return None


def wrong(cases: Cases, place: Placed, right: Callable[[Reason | None], bool]) -> dict[str, Reason | None]:
    """Gives the cases whose verdict is not right."""
    verdicts = {name: verdict(place(case)) for name, case in cases.items()}
    return {name: given for name, given in verdicts.items() if not right(given)}


def is_refused(given: Reason | None) -> bool:
    return given in REFUSALS


def is_read(given: Reason | None) -> bool:
    return given is None


def alone(case: bytes) -> bytes:
    return case


def is_no_word_against_its_syntax(given: Reason | None) -> bool:
    return given in {None, Reason.NOT_A_HISTORY}


def reference(content: bytes) -> bool:
    """Asks another reader if this is JSON; it takes three words too many and follows no depth."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        json.loads(content.decode(), parse_constant=refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def test_the_cases_are_many_and_what_they_are_called() -> None:
    valid, broken = valid_cases(), broken_cases()
    assert (len(valid) > 300, len(broken) > 700, len(open_cases()) > 50) == (True, True, True)
    assert [name for name, case in valid.items() if not reference(case)] == []
    assert [name for name, case in broken.items() if reference(case)] == []


@places
def test_valid_json_is_read_wherever_it_stands(place: Placed, chosen: Chosen) -> None:
    assert wrong(chosen(valid_cases()), place, is_read) == {}


@places
def test_broken_json_is_refused_wherever_it_stands(place: Placed, chosen: Chosen) -> None:
    cases = chosen(broken_cases())
    broken = {name: case for name, case in cases.items() if not reference(place(case))}
    assert len(cases) - len(broken) <= 5, "the others are whole where they are put"
    assert wrong(broken, place, is_refused) == {}


@places
def test_what_is_left_to_the_reader_gets_the_verdict_that_is_told_of_it(place: Placed, chosen: Chosen) -> None:
    cases = open_cases()
    read = {name: case for name, (case, told) in cases.items() if told == READ}
    refused = {name: case for name, (case, told) in cases.items() if told != READ}
    assert wrong(chosen(read), place, is_read) == {}
    assert wrong(refused, place, is_refused) == {}


def test_valid_json_alone_may_be_no_history_and_is_never_called_broken() -> None:
    read = {name: case for name, (case, told) in open_cases().items() if told == READ}
    assert wrong({**valid_cases(), **encoded_cases(), **read}, alone, is_no_word_against_its_syntax) == {}


def test_broken_json_alone_is_called_broken() -> None:
    # A digit and a NUL are a digit in UTF-16.
    digits = {name: case for name, case in broken_cases().items() if len(case) == 2 and b"\x00" in case}
    assert {*digits.values()} == {b"1\x00", b"\x001"}
    broken = {name: case for name, case in broken_cases().items() if name not in digits}
    assert wrong(broken, alone, is_refused) == {}


@pytest.mark.parametrize("content", [b"", b" ", b"\n", b"\t\r\n ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe"])
def test_a_file_of_nothing_is_called_empty(content: bytes) -> None:
    assert verdict(content) is Reason.EMPTY_FILE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf16_gets_the_same_verdicts(encoding: str) -> None:
    def place(case: bytes) -> bytes:
        return ("\ufeff" + as_a_row(case).decode()).encode(encoding)

    broken = {name: case for name, case in broken_cases().items() if name.split()[0] in {"number", "array", "object"}}
    whole = {name: case for name, case in broken.items() if reference(as_a_row(case))}
    assert wrong(valid_cases(), place, is_read) == {}
    assert wrong({name: case for name, case in broken.items() if name not in whole}, place, is_refused) == {}
