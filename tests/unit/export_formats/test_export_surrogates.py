from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats.syntax import without_lone_surrogates

PARTS = st.sampled_from(["\\ud83d", "\\ude00", "\\uD800", "\\uDFFF", "\\\\", "\\n", "\\u00e9", "ud83d", "a", '\\"'])


@given(st.lists(PARTS, max_size=12))
def test_lone_surrogates_alone_are_replaced_and_the_length_stays(parts: list[str]) -> None:
    text = '"' + "".join(parts) + '"'
    replaced = without_lone_surrogates(text.encode()).decode()
    expected = "".join("\0" if "\ud800" <= character <= "\udfff" else character for character in json.loads(text))
    assert json.loads(replaced) == expected
    assert len(replaced) == len(text)


@pytest.mark.parametrize("part", ["\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\\\", "\\\\ud83d", "x", "\\", "\\ud83"])
def test_they_are_looked_for_in_linear_time(part: str) -> None:
    text = part.encode() * (3_000_000 // len(part))
    began = time.process_time()
    without_lone_surrogates(text)
    assert time.process_time() - began < 3
