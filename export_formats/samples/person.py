"""The exports of one invented person, as they come in practice or as they came over the years."""

from export_formats.samples.account_files import account_files
from export_formats.samples.extended_files import extended_files
from export_formats.samples.history import FIRST_SECOND, SECONDS_A_DAY, TruePlay, generate_history
from export_formats.samples.layouts import LAYOUTS
from export_formats.samples.spoiling import respelled

_DAYS = 1_460
_ACCOUNT_DAYS = 365
_EXTENDED_LAG_DAYS = 30


def sample_export(seed: int = 1, plays: int = 4_000) -> dict[str, bytes]:
    """Give the files of one person by their names in the archive; equal arguments give equal bytes.

    The extended history was asked for a month before the account data, so the two overlap in eleven months,
    and a few names have drifted in between. `expected_plays` tells what is in them.
    """
    history = generate_history(seed, plays, days=_DAYS)
    end = FIRST_SECOND + _DAYS * SECONDS_A_DAY
    recent = [play for play in history if play.ended_at >= end - _ACCOUNT_DAYS * SECONDS_A_DAY]
    older = [play for play in history if play.ended_at < end - _EXTENDED_LAG_DAYS * SECONDS_A_DAY]
    account = account_files(recent, drift=0.002, seed=seed)
    extended = extended_files(older, rows_a_file=max(1, plays // 2), duplicates=0.01, overlap=20, seed=seed)
    return {
        **{f"Spotify Account Data/{name}": content for name, content in account.items()},
        **{f"Spotify Extended Streaming History/{name}": content for name, content in extended.items()},
    }


def every_export(seed: int = 1, plays: int = 4_000, *, spoilt: float = 0.01) -> dict[str, bytes]:
    """Give what one person has kept of many exports: all families, generations and layouts, overlapping in time.

    Account data of 2022 and twice of the end, each with names drifted in its own way, and the extended history
    in its three generations. There are some three times as many rows as plays; `spoilt` rows for each of them
    are no plays. `tell_truth` tells what is in them.
    """
    history = generate_history(seed, plays, days=_DAYS)
    early, middle = _between(history, 0, 0.5), _between(history, 0.4, 0.8)
    exports = {
        "2022/MyData": account_files(
            [play for play in early if play.item.kind != "audiobook"], drift=0.01, seed=seed + 1, until_2023=True
        ),
        "2024/Spotify Account Data": account_files(_between(history, 0.7, 0.95), drift=0.01, seed=seed + 2),
        "2025/Spotify Account Data": account_files(_between(history, 0.75, 1), drift=0.01, seed=seed + 3),
        "2023/MyData": extended_files(
            _between(history, 0, 0.6), "A", rows_a_file=plays // 4, duplicates=0.2, overlap=50, seed=seed + 4
        ),
        "2024/Spotify Extended Streaming History": extended_files(
            middle, "B", rows_a_file=plays // 5, duplicates=0.02, drift=0.01, seed=seed + 5
        ),
        "2025/Spotify Extended Streaming History": extended_files(
            _between(history, 0.1, 0.97), "C", rows_a_file=plays // 4, duplicates=0.02, drift=0.01, seed=seed + 6
        ),
    }
    files = [(f"{folder}/{name}", content) for folder, export in exports.items() for name, content in export.items()]
    return {
        name: respelled(content, LAYOUTS[number % len(LAYOUTS)], spoilt=spoilt, seed=seed + number)
        for number, (name, content) in enumerate(files)
    }


def _between(history: list[TruePlay], first: float, last: float) -> list[TruePlay]:
    """Give the plays of a part of all days, in parts of one."""
    start, end = (FIRST_SECOND + round(_DAYS * SECONDS_A_DAY * part) for part in (first, last))
    return [play for play in history if start <= play.ended_at < end]
