"""Generated exports of people who do not exist, with known truth.

`generate_history` invents what somebody listened to, `account_files` and `extended_files` write it down as
the provider would, `sample_export` does both for one person, `write_zip` packs files as the provider does,
and `expected_plays` says what has to be stored in the end, by a plain reading of the rule that shares no
code with the package.
"""

from export_formats.samples.account_files import account_files
from export_formats.samples.archive import write_zip
from export_formats.samples.extended_files import CANARIES, Generation, extended_files
from export_formats.samples.history import Shares, TruePlay, generate_history
from export_formats.samples.person import sample_export
from export_formats.samples.truth import Expected, expected_plays

__all__ = [
    "CANARIES",
    "Expected",
    "Generation",
    "Shares",
    "TruePlay",
    "account_files",
    "expected_plays",
    "extended_files",
    "generate_history",
    "sample_export",
    "write_zip",
]
