"""Limits that two processes know each for itself."""

from __future__ import annotations

from coordinator.wire import listen_batches as wire
from export_formats.merging import MAX_MS_PLAYED
from export_formats.names import MAX_TEXT_LENGTH
from export_formats.times import FIRST_SECOND, LAST_SECOND


def test_what_the_parser_lets_through_the_coordinator_takes() -> None:
    assert MAX_TEXT_LENGTH == wire.MAX_CHARACTERS
    assert MAX_MS_PLAYED == wire.MAX_MS_PLAYED
    assert (FIRST_SECOND, LAST_SECOND) == (wire.FIRST_SECOND, wire.LAST_SECOND)
