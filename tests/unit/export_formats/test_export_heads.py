import json

import pytest

from export_formats import FORMAT_NAMES, HEAD_BYTES, ExportError, Reason, recognise_head
from export_formats.samples import account_files, extended_files, generate_history
from tests.unit.export_formats.exports import account_row, extended_row, file_of

PODCAST = {"endTime": "2024-09-07 09:52", "podcastName": "p", "episodeName": "e", "msPlayed": 1}
AUDIOBOOK = {"endTime": "2024-09-07 09:52", "audiobookName": "b", "chapterName": "c", "authorName": "a", "msPlayed": 1}


def refusal(head: bytes, *, complete: bool = True) -> Reason:
    with pytest.raises(ExportError) as caught:
        recognise_head(head, complete)
    return caught.value.reason


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (account_row(), "account_music"),
        (PODCAST, "account_podcast"),
        (AUDIOBOOK, "account_audiobook"),
        (extended_row(), "extended"),
    ],
)
def test_a_file_is_recognised_by_the_keys_of_a_row(row: object, expected: str) -> None:
    assert recognise_head(file_of(row), True) == expected
    assert expected in FORMAT_NAMES


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_every_generation_of_the_extended_history_is_recognised(generation: str) -> None:
    files = extended_files(generate_history(1, 300), generation)  # type: ignore[arg-type]
    assert {recognise_head(content[:HEAD_BYTES], False) for content in files.values()} == {"extended"}


def test_every_kind_of_account_data_is_recognised() -> None:
    files = account_files(generate_history(1, 900))
    found = {recognise_head(content, True) for content in files.values()}
    assert found == {"account_music", "account_podcast", "account_audiobook"}


@pytest.mark.parametrize("text", [b"[]", b" \r\n[ \t]\n", b"\xef\xbb\xbf[]", "[]".encode("utf-16")])
def test_a_list_without_rows_is_a_history_without_plays(text: bytes) -> None:
    assert recognise_head(text, True) == "empty"


@pytest.mark.parametrize("text", [b"", b"\n", b" \r\n\t ", b"\xef\xbb\xbf", b"\xff\xfe\n\x00"])
def test_a_blank_file_is_empty(text: bytes) -> None:
    assert refusal(text) is Reason.EMPTY_FILE


@pytest.mark.parametrize(
    "text",
    [
        b"endTime,artistName\n2024-01-01 00:00,a",
        b"<!DOCTYPE html><html></html>",
        b"PK\x03\x04\x14\x00",
        b"\x1f\x8b\x08\x00",
        b"\x00" * 100,
        b"\x89PNG\r\n\x1a\n",
        b"[{endTime: 1}]",
        b"[NaN]",
        b"[] x",
        b'{"endTime": "2024-01-01 00:00"}, {"endTime": "2024-01-01 00:00"}]',
        b"[",
        b"[{",
        b'[{"endTime": "2024-01-01 00:00", "artistName": "a',
        b"\xff\xfe[\x00]",
    ],
)
def test_what_is_not_json_at_the_start_is_refused_as_such(text: bytes) -> None:
    assert refusal(text) is Reason.NOT_JSON


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"playlists": [{"endTime": "2024-01-01 00:00", "artistName": "a", "trackName": "t", "msPlayed": 1}]}',
        b'"text"',
        b"17",
        b"null",
        b"[1, 2, 3]",
        b'[[{"ts": "2024-01-01T00:00:00Z", "ms_played": 1}]]',
        b'[{"platform": "x", "searchTime": "y", "searchQuery": "z"}]',
        b'[{"endTime": "2024-01-01 00:00"}]',
        b'[{"nested": {"ts": 1, "ms_played": 1}}]',
        b'{"row": {"ts": 1, "ms_played": 1}}',
        b'[{"ts": 1}, {"ms_played": 1}]',
    ],
)
def test_json_of_another_shape_is_no_history(text: bytes) -> None:
    assert refusal(text) is Reason.NOT_A_HISTORY


def test_an_object_is_refused_from_its_beginning_alone() -> None:
    assert refusal(b'{"playlists": [' + b'{"name": "x"},' * 5_000, complete=False) is Reason.NOT_A_HISTORY


def test_a_missing_opening_bracket_is_broken_json_even_in_a_head() -> None:
    rows = file_of(*[account_row()] * 1_000)[1:]
    assert refusal(rows[:HEAD_BYTES], complete=False) is Reason.NOT_JSON


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lead", ["", " \r\n\t "])
def test_encodings_and_leading_blanks_do_not_matter(encoding: str, lead: str) -> None:
    text = lead + json.dumps([account_row(trackName="Ёлочный 🎈")], ensure_ascii=False)
    assert recognise_head(text.encode(encoding), True) == "account_music"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_head_may_end_anywhere_behind_its_first_row(encoding: str) -> None:
    rows = [account_row(trackName='Ёлочный 🎈 \\ "x"'), account_row(artistName="星くず\u2028")]
    text = json.dumps(rows, ensure_ascii=False)
    first = len(text[: text.index("}") + 1].encode(encoding))
    whole = text.encode(encoding)
    assert {recognise_head(whole[:end], False) for end in range(first + 2, len(whole))} == {"account_music"}


def test_a_head_may_end_before_the_first_row_has_told_all_of_its_keys() -> None:
    row = file_of(extended_row(platform="é" * HEAD_BYTES))
    assert recognise_head(row[:HEAD_BYTES], False) == "extended"
    behind_another = file_of({"x": 1}, extended_row(platform="é" * HEAD_BYTES))
    assert refusal(behind_another[:HEAD_BYTES], complete=False) is Reason.NOT_A_HISTORY


def test_a_head_may_end_inside_its_first_row() -> None:
    row = file_of(extended_row(ip_addr="é" * HEAD_BYTES))
    assert recognise_head(row[:HEAD_BYTES], False) == "extended"
    assert recognise_head(row[: HEAD_BYTES + 1], False) == "extended"
    assert refusal(row[:HEAD_BYTES]) is Reason.NOT_JSON


def test_strange_rows_before_the_first_play_are_passed_over() -> None:
    strange: list[object] = [None, 3, "endTime", [], {}, {"a": {"ts": [1, {"ms_played": 2}]}}, {"trackName": "no time"}]
    assert recognise_head(file_of(*strange, account_row()), True) == "account_music"
    assert recognise_head(file_of(*strange, extended_row()), True) == "extended"


def test_a_file_broken_behind_its_first_play_passes() -> None:
    assert recognise_head(file_of(account_row()) + b"x" + file_of(account_row()), True) == "account_music"


@pytest.mark.parametrize("bomb", [b"[" * HEAD_BYTES, b'[{"a":' * 10_000, b'[{"\\"' * 10_000, b'["' + b'\\"' * 30_000])
def test_bombs_are_refused_at_once(bomb: bytes) -> None:
    assert refusal(bomb) in {Reason.NOT_JSON, Reason.TOO_DEEP}
    assert refusal(bomb, complete=False) in {Reason.NOT_JSON, Reason.NOT_A_HISTORY, Reason.TOO_DEEP}


def test_values_nested_without_end_are_too_deep() -> None:
    assert refusal(b"[" * 20_000 + b"]" * 20_000) is Reason.TOO_DEEP


def test_a_refusal_does_not_repeat_what_the_file_says() -> None:
    for text in (b'[{"secret-key": "secret"}]', b"secret", b'{"secret": 1}', b'[{"a": "secret', b"[secret]"):
        with pytest.raises(ExportError) as caught:
            recognise_head(text, True)
        assert "secret" not in str(caught.value)
        assert str(caught.value) == caught.value.message
