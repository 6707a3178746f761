"""Streaming-history exports: what a file is, its plays, what is in an archive, and generated samples.

Pure code: bytes in, values out; no files, no network, no clock. `recognise_head` judges the beginning of a
file, `ExportReader` reads one piece by piece and `parse` a whole one, `open_archive` looks into a ZIP,
`open_bundle` into whatever was sent in one piece, `Inflater` undoes gzip; what can never be read raises
`ExportError`. Sample exports with known truth are in `export_formats.samples`.
"""

from export_formats.archives import Archive, ArchiveLimits, Member, Refusal, open_archive
from export_formats.bundles import SingleFile, open_bundle
from export_formats.errors import ExportError, Reason, Rejection
from export_formats.filenames import shown_name
from export_formats.formats import EMPTY, FORMAT_NAMES
from export_formats.heads import HEAD_BYTES, recognise_head
from export_formats.identity import fold
from export_formats.inflating import Inflater
from export_formats.parsing import ExportReader, parse
from export_formats.plays import UNKNOWN_ARTIST, UNKNOWN_TRACK, FileSummary, ParsedFile, Plays, RejectedRow

__all__ = [
    "EMPTY",
    "FORMAT_NAMES",
    "HEAD_BYTES",
    "UNKNOWN_ARTIST",
    "UNKNOWN_TRACK",
    "Archive",
    "ArchiveLimits",
    "ExportError",
    "ExportReader",
    "FileSummary",
    "Inflater",
    "Member",
    "ParsedFile",
    "Plays",
    "Reason",
    "Refusal",
    "RejectedRow",
    "Rejection",
    "SingleFile",
    "fold",
    "open_archive",
    "open_bundle",
    "parse",
    "recognise_head",
    "shown_name",
]
