"""Both exports of one invented person, as they come in practice: a year of account data, and all the rest."""

from export_formats.samples.account_files import account_files
from export_formats.samples.extended_files import extended_files
from export_formats.samples.history import FIRST_SECOND, SECONDS_A_DAY, generate_history

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
