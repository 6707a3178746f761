import json

import pytest

from export_formats import parse
from export_formats.samples import (
    CANARIES,
    Shares,
    account_files,
    expected_plays,
    extended_files,
    generate_history,
    sample_export,
)
from tests.unit.export_formats.listens_table import ListensTable


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert sample_export(seed=4, plays=300) == sample_export(seed=4, plays=300)
    assert sample_export(seed=4, plays=300) != sample_export(seed=5, plays=300)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_sample_parses_to_exactly_what_its_truth_says(seed: int) -> None:
    members = sample_export(seed, plays=2_000)
    table = ListensTable()
    for name, content in members.items():
        table.commit(parse(content, name))
    expected = expected_plays(members)
    assert (len(table.identities), table.ms_played) == (expected.plays, expected.ms_played)
    assert {parse(content).source for content in members.values()} == {"account", "extended"}


def test_a_sample_has_what_makes_exports_hard() -> None:
    parsed = [parse(content, name) for name, content in sample_export(seed=1, plays=4_000).items()]
    kinds = {kind for each in parsed for kind in each.plays.content_type}
    extended = [each for each in parsed if each.source == "extended"]
    seconds = [second for each in extended for second in each.plays.played_at]
    assert kinds == {"music", "podcast", "audiobook", "video"}
    assert sum(each.merged_rows for each in extended) > 20
    assert sum(each.rejections.get("no_content", 0) for each in extended) > 20
    assert len(seconds) - len(set(seconds)) > 50
    assert any(not name.isascii() for each in parsed for name in each.plays.artist_name)
    assert any("Unknown Artist" in each.plays.artist_name for each in parsed)


@pytest.mark.parametrize(("generation", "keys"), [("A", 21), ("B", 19), ("C", 23)])
def test_every_generation_has_its_number_of_keys(generation: str, keys: int) -> None:
    files = extended_files(generate_history(1, 200), generation)  # type: ignore[arg-type]
    assert {len(row) for content in files.values() for row in json.loads(content)} == {keys}


def test_history_without_noise_is_told_alike_by_both_exports() -> None:
    history = generate_history(9, 1_500, shares=Shares(nothing=0))
    account, extended = account_files(history), extended_files(history)
    assert expected_plays(extended).plays == 1_500
    assert expected_plays(account | extended) == expected_plays(extended)


def test_drifted_names_change_the_truth() -> None:
    history = generate_history(9, 1_500)
    extended = extended_files(history)
    plain, drifted = account_files(history), account_files(history, drift=0.1)
    assert expected_plays(extended | drifted).plays > expected_plays(extended | plain).plays


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_the_canaries_stand_in_the_files_and_not_in_the_plays(generation: str) -> None:
    files = extended_files(generate_history(1, 300), generation)  # type: ignore[arg-type]
    present = [canary for canary in CANARIES if any(canary.encode() in content for content in files.values())]
    assert len(present) == {"A": 4, "B": 2, "C": 2}[generation]
    assert not any("canary" in repr(parse(content)) for content in files.values())
