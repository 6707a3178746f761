import io
import json

import pytest

from export_formats import Rejection, open_archive, parse
from export_formats.samples import (
    CANARIES,
    LAYOUTS,
    Layout,
    Shares,
    account_files,
    every_export,
    expected_plays,
    extended_files,
    generate_history,
    other_files,
    respelled,
    sample_export,
    tell_truth,
    write_zip,
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


@pytest.mark.parametrize("seed", [1, 2])
def test_every_file_of_every_export_parses_to_what_the_truth_says_of_it(seed: int) -> None:
    members = every_export(seed, plays=1_500, spoilt=0.1)
    truth = tell_truth(members)
    table = ListensTable()
    for name, content in members.items():
        parsed, told = parse(content, name), truth.files[name]
        assert (parsed.total_rows, len(parsed.plays)) == (told.total_rows, told.different_plays)
        assert parsed.rejections == told.rejections
        assert [(each.row, each.reason) for each in parsed.rejected_rows] == [*told.rejected_rows[:100]]
        table.commit(parsed)
    assert (len(table.identities), table.ms_played) == (truth.expected.plays, truth.expected.ms_played)


def test_every_export_has_every_family_and_every_fault() -> None:
    members = every_export(1, plays=1_500, spoilt=0.1)
    assert {parse(content).format for content in members.values()} == {
        *("account_music", "account_podcast", "account_audiobook", "extended"),
    }
    faults = set().union(*(told.rejections for told in tell_truth(members).files.values()))
    assert faults == {rejection.value for rejection in Rejection}
    names = " ".join(members)
    for hint in ("/StreamingHistory0", "_music_0", "_podcast_0", "_audiobook_0", "endsong_1", "endvideo.", "_Video_"):
        assert hint in names


def test_account_data_of_before_2023_has_everything_among_the_music() -> None:
    [(name, content)] = account_files(generate_history(1, 1_000), until_2023=True).items()
    assert (name, parse(content).format) == ("StreamingHistory0.json", "account_music")
    assert any(row["artistName"].endswith(" Weekly") for row in json.loads(content))


def test_account_data_has_ten_thousand_rows_a_file() -> None:
    files = account_files(generate_history(1, 10_500, shares=Shares(podcasts=0, audiobooks=0)))
    assert [*files] == ["StreamingHistory_music_0.json", "StreamingHistory_music_1.json"]
    assert len(json.loads(files["StreamingHistory_music_0.json"])) == 10_000


def test_extended_files_have_what_is_mixed_in_real_ones() -> None:
    rows = [row for content in extended_files(generate_history(1, 4_000), "A").values() for row in json.loads(content)]
    stamps = [row["offline_timestamp"] for row in rows]
    assert None in stamps
    assert 0 in stamps
    assert any(stamp > 10**12 for stamp in stamps if stamp)
    assert any(0 < stamp < 10**10 for stamp in stamps if stamp)
    assert any(row["spotify_episode_uri"] and row["episode_name"] is None for row in rows)
    assert {row["reason_end"] for row in rows} >= {"", None}
    assert {row["conn_country"] for row in rows} >= {"", "ZZ"}
    assert sum(row["skipped"] is None for row in rows) > len(rows) // 3


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_a_layout_changes_the_bytes_and_not_what_they_say(layout: Layout) -> None:
    [(name, content)] = account_files(generate_history(2, 200), until_2023=True).items()
    written = respelled(content, layout)
    assert json.loads(written) == json.loads(content)
    assert parse(written, name) == parse(content, name)


def test_other_files_are_no_history_and_are_skipped() -> None:
    others = other_files()
    [history] = account_files(generate_history(2, 200), until_2023=True).values()
    archive = open_archive(io.BytesIO(write_zip({**others, "MyData/mine.json": history})))
    assert [member.name for member in archive.members] == ["mine.json"]
    assert (archive.skipped, archive.refused) == (len(others), [])
    assert all(any(canary.encode() in content for content in others.values()) for canary in CANARIES)
