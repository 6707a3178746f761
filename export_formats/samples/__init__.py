"""Generated exports of people who do not exist, with known truth.

`generate_history` invents what somebody listened to, `account_files` and `extended_files` write it down as
the provider would, `respelled` writes such a file in another `Layout` and spoils some rows. `sample_export`
gives both exports of one person, `every_export` all that somebody has kept over the years; `other_files` is
what else the provider sends, and `write_zip` packs as the provider does.

`tell_truth` says what has to be stored in the end, play by play, by a plain reading of the rule that shares no
code with the package; `expected_plays` only counts.
"""

from export_formats.samples.account_files import account_files
from export_formats.samples.archive import write_zip
from export_formats.samples.extended_files import CANARIES, Generation, extended_files
from export_formats.samples.history import Shares, TruePlay, generate_history
from export_formats.samples.layouts import LAYOUTS, Layout
from export_formats.samples.other_files import other_files
from export_formats.samples.person import every_export, sample_export
from export_formats.samples.spoiling import respelled
from export_formats.samples.truth import Expected, FileTruth, Truth, expected_plays, tell_truth
from export_formats.samples.truth_rows import Columns, Identity, fold

__all__ = [
    "CANARIES",
    "LAYOUTS",
    "Columns",
    "Expected",
    "FileTruth",
    "Generation",
    "Identity",
    "Layout",
    "Shares",
    "TruePlay",
    "Truth",
    "account_files",
    "every_export",
    "expected_plays",
    "extended_files",
    "fold",
    "generate_history",
    "other_files",
    "respelled",
    "sample_export",
    "tell_truth",
    "write_zip",
]
