"""The pages take a file for what export_formats takes it for: the two are written twice, and have to agree."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from export_formats import HEAD_BYTES, ExportError, recognise_head
from export_formats.filenames import is_named_as_history, is_named_as_other
from export_formats.samples import every_export, other_files, sample_export
from stack.npm_folder import node, quiet_environment

PROGRAM = Path(__file__).parent / "recognise_heads.mjs"

ODD = {
    "empty.json": b"[]",
    "blank.json": b" [ \r\n ] ",
    "nothing.json": b"",
    "cut.json": b'[{"ts": "2024-01-01T00:00:00Z", "ms_pl',
    "object.json": b'{"ts": "2024-01-01T00:00:00Z", "ms_played": 1}',
    "deeper.json": b'[{"rows": [{"ts": "x", "ms_played": 1}]}]',
    "value.json": b'[{"a": "ts", "b": "ms_played"}]',
    "escaped.json": b'[{"a\\"b": "}{][", "ts": 1, "ms_played": 2}]',
    "later.json": b'[1, null, {"a": 1}, {"endTime": "x", "trackName": "y"}]',
    "page.html": b"<!doctype html><title>No</title>",
    "listens.jsonl": b'{"listened_at": 1, "track_metadata": {"track_name": "x"}}\n{"listened_at": 2}\n',
    "Streaming_History_Video_2020.json": b'[{"ts": "x", "spotify_track_uri": null}]',
}


def expected(head: bytes, complete: bool) -> str | None:
    try:
        return recognise_head(head, complete)
    except ExportError:
        return None


def told(files: Mapping[str, bytes]) -> list[tuple[str | None, bool, bool]]:
    """What the pages say."""
    asked = [
        {"name": name, "head": base64.b64encode(content[:HEAD_BYTES]).decode(), "complete": len(content) <= HEAD_BYTES}
        for name, content in files.items()
    ]
    done = subprocess.run(
        [node(), "--no-warnings", PROGRAM],
        input=json.dumps(asked),
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(each) for each in json.loads(done.stdout)]


def test_every_file_is_taken_for_the_same_here_and_there() -> None:
    files = {
        name.rpartition("/")[2]: content
        for each in (sample_export(plays=900), every_export(plays=900), other_files(3), ODD)
        for name, content in each.items()
    }
    assert len(files) > 40
    there = {
        name: (
            expected(content[:HEAD_BYTES], len(content) <= HEAD_BYTES),
            is_named_as_history(name),
            is_named_as_other(name),
        )
        for name, content in files.items()
    }
    here = dict(zip(files, told(files), strict=True))
    assert {name: (here[name], there[name]) for name in files if here[name] != there[name]} == {}
