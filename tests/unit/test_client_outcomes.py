"""What a handler may say about a failed attempt."""

from __future__ import annotations

import pytest

from coordinator_client.outcomes import AttemptFailure, PermanentFailure, presentable


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
