"""What a handler may say about a failed attempt."""

from __future__ import annotations

from typing import Any

import pytest

from coordinator_client.outcomes import (
    AttemptFailure,
    Completion,
    PermanentFailure,
    Result,
    Snooze,
    completion,
    presentable,
)


@pytest.mark.parametrize("reason", ["", "not json", "Not_Json", "1ST", "A" * 65, "NOT_JSON\n"])
def test_a_reason_that_the_contract_refuses_is_refused_at_once(reason: str) -> None:
    with pytest.raises(ValueError, match="upper snake case"):
        AttemptFailure(reason, "a sentence")


def test_a_failure_is_permanent_only_by_name() -> None:
    assert not AttemptFailure("PARSER_CRASHED", "a sentence").permanent
    assert PermanentFailure("NOT_JSON", "a sentence").permanent


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("plain", "plain"),
        ("tab\there\x00and\x1b[31m", "tab here and [31m"),
        ("lone \ud800 surrogate", "lone   surrogate"),
        ("Grüße, 你好, 🎵", "Grüße, 你好, 🎵"),
    ],
)
def test_messages_hold_nothing_that_a_database_or_a_terminal_chokes_on(message: str, shown: str) -> None:
    assert presentable(message) == shown


def test_messages_are_cut_at_four_kibibytes_between_characters() -> None:
    cut = presentable("x" + "ü" * 4000)
    assert cut == "x" + "ü" * 2047
    assert len(cut.encode()) <= 4096


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, ""),
        ({"a": [1, 2.5, True, None, "ü"]}, '{"a":[1,2.5,true,null,"ü"]}'),
        ([], "[]"),
        ("", '""'),
        (0, "0"),
        (False, "false"),
    ],
)
def test_a_result_becomes_compact_json(result: Result, text: str) -> None:
    assert completion(result) == Completion(text)


def test_a_result_may_have_sixteen_kibibytes_and_no_more() -> None:
    assert len(completion("ü" * 8_191).result.encode()) == 16_384
    with pytest.raises(PermanentFailure) as refused:
        completion("ü" * 8_192)
    assert refused.value.reason == "RESULT_TOO_LARGE"
    assert refused.value.message == "The result has 16,386 bytes as JSON; the limit is 16,384."


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize("result", [object(), {"a": {1}}, float("nan"), "\ud800", _endless(), b"bytes"])
def test_a_result_that_json_cannot_hold_fails_for_good_and_tells_nothing_of_it(result: Any) -> None:
    with pytest.raises(PermanentFailure) as refused:
        completion(result)
    assert refused.value.reason == "RESULT_INVALID"
    assert refused.value.message.startswith("What the handler returned cannot be written as JSON: ")


@pytest.mark.parametrize("seconds", [-1, 366 * 24 * 3600 + 1, float("nan"), float("inf")])
def test_a_job_is_put_off_for_as_long_as_the_contract_allows(seconds: float) -> None:
    assert Snooze(0).seconds == 0
    with pytest.raises(ValueError, match="0 to 31622400 seconds"):
        Snooze(seconds)
