"""Real files, where SLUICE_REAL_EXPORTS names a folder of them: one case for each, and none without."""

import hashlib
import itertools
import os
from pathlib import Path

import pytest

from export_formats import parse
from export_formats.samples import expected_plays
from tests.unit.export_formats.listens_table import ListensTable

FOLDER = os.environ.get("SLUICE_REAL_EXPORTS")
FILES = sorted(Path(FOLDER).rglob("*.json")) if FOLDER else []
PAIRS = [list(group) for _, group in itertools.groupby(FILES, key=lambda path: path.parent)]

KNOWN = {
    "d0e5c50278bbfa3c0c509ebb7e41dca60a7b949d7fb25858fb6e923bd5bc8c21": (8_143, 0, 0, 482_209_726),
    "d8b6cfa3e1ae0f721cd0a02cc3a229363bae0d2de359fd688253f292c5ea9e0e": (6, 0, 0, 894_438),
    "1b00f543022b1f33796dbacb819bcea0e0f895c029d452f6de7b34038a7a9d70": (513, 0, 0, 84_723_838),
    "418f7092a12296e5e19d9a1fb39ee043324771bc80cfcdc6e85989a14e4dba21": (941, 2, 20, 101_827_432),
}
"""Plays, merged rows, rejected rows and milliseconds of published files, by SHA-256."""


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_a_real_file_gives_the_plays_that_the_rule_gives(path: Path) -> None:
        content = path.read_bytes()
        parsed = parse(content, path.name)
        rejected = sum(parsed.rejections.values())
        ms_played = sum(parsed.plays.ms_played)
        expected = expected_plays({path.name: content})
        assert parsed.total_rows == len(parsed.plays) + parsed.merged_rows + rejected
        assert (len(parsed.plays), ms_played) == (expected.plays, expected.ms_played)
        found = (len(parsed.plays), parsed.merged_rows, rejected, ms_played)
        assert KNOWN.get(hashlib.sha256(content).hexdigest(), found) == found

    @pytest.mark.parametrize("paths", PAIRS, ids=lambda paths: paths[0].parent.name)
    def test_the_real_files_of_a_folder_give_the_same_plays_in_any_order(paths: list[Path]) -> None:
        files = {path.name: path.read_bytes() for path in paths}
        expected = expected_plays(files)
        for order in itertools.islice(itertools.permutations(files), 6):
            table = ListensTable()
            for name in order:
                table.commit(parse(files[name], name))
            assert (len(table.identities), table.ms_played) == (expected.plays, expected.ms_played)
