"""The final set of plays is a function of the set of files: never of order, repetition or overlap."""

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from export_formats import parse
from export_formats.samples import account_files, expected_plays, extended_files, generate_history
from tests.unit.export_formats.exports import account_row, extended_row
from tests.unit.export_formats.listens_table import ListensTable

SECONDS = st.integers(0, 150)
LENGTHS = st.sampled_from([0, 1_000])
ARTISTS = st.sampled_from(["Foxes", "FOXES ", "Straße"])
TRACKS = st.sampled_from(["Ashes", "ashes", "Ashes (Live)", "STRASSE"])
URIS = st.sampled_from(["spotify:track:1", "spotify:track:2", None])


def account(second: int, artist: str, track: str, length: int) -> dict[str, Any]:
    return account_row(endTime=f"2024-01-01 00:{second // 60:02}", artistName=artist, trackName=track, msPlayed=length)


def extended(second: int, artist: str, track: str, length: int, uri: str | None) -> dict[str, Any]:
    return extended_row(
        ts=f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z",
        ms_played=length,
        master_metadata_album_artist_name=artist,
        master_metadata_track_name=track,
        spotify_track_uri=uri,
    )


ACCOUNT_FILES = st.lists(st.builds(account, SECONDS, ARTISTS, TRACKS, LENGTHS), min_size=1, max_size=8)
EXTENDED_FILES = st.lists(st.builds(extended, SECONDS, ARTISTS, TRACKS, LENGTHS, URIS), min_size=1, max_size=8)


def table_of(files: list[bytes]) -> ListensTable:
    table = ListensTable()
    for content in files:
        table.commit(parse(content))
    return table


def as_files(rows: list[list[dict[str, Any]]]) -> list[bytes]:
    return [json.dumps(each).encode() for each in rows]


@given(st.lists(ACCOUNT_FILES | EXTENDED_FILES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_files_in_any_order_and_repeated_give_the_same_plays(
    rows: list[list[dict[str, Any]]], rng: random.Random
) -> None:
    files = as_files(rows)
    table = table_of(files)
    shuffled = rng.sample(files, len(files)) + rng.choices(files, k=2)
    again = table_of(shuffled)
    expected = expected_plays({str(number): content for number, content in enumerate(files)})
    assert again.identities == table.identities
    assert (len(table.identities), table.ms_played) == (expected.plays, expected.ms_played)
    assert again.ms_played == table.ms_played


@given(EXTENDED_FILES, ACCOUNT_FILES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_rows_spread_over_files_in_any_way_give_the_same_plays(
    some: list[dict[str, Any]], others: list[dict[str, Any]], rng: random.Random, parts: int
) -> None:
    whole = table_of(as_files([some, others]))
    rng.shuffle(some)
    rng.shuffle(others)
    spread = [rows[part::parts] for rows in (some, others) for part in range(parts)]
    assert table_of(as_files([rows for rows in spread if rows])).identities == whole.identities


def test_three_drifted_rows_give_one_play_in_all_six_orders() -> None:
    first = extended(10, "Foxes", "Ashes", 1_000, "spotify:track:1")
    drifted = extended(10, "Foxes", "Embers", 1_000, "spotify:track:1")
    covered = account(10, "Foxes", "Embers", 1_000)
    files = as_files([[first], [drifted], [covered]])
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    assert {len(table_of([files[place] for place in order]).identities) for order in orders} == {1}


def test_generated_exports_give_exactly_the_true_plays_in_any_order() -> None:
    history = generate_history(11, 3_000)
    heard = [play for play in history if play.item.kind != "nothing"]
    older = heard[:2_000]
    files = [
        *extended_files(older, "C", rows_a_file=700, duplicates=0.2, overlap=50).values(),
        *extended_files([play for play in older if play.item.kind != "audiobook"], "A", rows_a_file=900).values(),
        *account_files(heard[:2_000], rows_a_file=400).values(),
    ]
    forwards, backwards = table_of(files), table_of(files[::-1])
    assert forwards.identities == backwards.identities
    assert len(forwards.identities) == len(older)
    assert forwards.ms_played == sum(play.ms_played for play in older)
