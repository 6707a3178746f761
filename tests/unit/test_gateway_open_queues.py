"""The setting that says of which queues and kinds people may have jobs."""

import pytest

from gateway.open_queues import OpenQueues
from gateway.settings import SettingsError, read_settings


@pytest.mark.parametrize(
    ("text", "open_", "closed"),
    [
        ("", [], [("q", "k")]),
        ("q:k", [("q", "k")], [("q", "l"), ("k", "q"), ("", "k"), ("q", "")]),
        ("q:k,l r:*", [("q", "k"), ("q", "l"), ("r", "whatever")], [("q", "m"), ("*", "k")]),
        (" q:k  q:l ", [("q", "k"), ("q", "l")], [("q", "k,l")]),
    ],
)
def test_only_what_is_named_is_open(text: str, open_: list[tuple[str, str]], closed: list[tuple[str, str]]) -> None:
    queues = OpenQueues.parse(text)
    assert all(queues.has(*names) for names in open_)
    assert not any(queues.has(*names) for names in closed)


@pytest.mark.parametrize("text", ["q", "q:", ":k", "*:k", "q:k,", "q:k r", "q:k:l", "q: k"])
def test_what_cannot_be_read_is_a_mistake_in_the_settings(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SLUICE_JOB_QUEUES", text)
    with pytest.raises(SettingsError, match="SLUICE_JOB_QUEUES: must name queues with their kinds"):
        read_settings()
