"""A real client of the tus protocol, through the front door."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from export_formats.samples import expected_plays
from tests.e2e.made_files import account_file
from tests.e2e.person import Person, token_of
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.running_stack import RunningStack
from tests.tus_client import installed

# What platforms take in one request is 4.5 MB.
PIECE_BYTES = 4_400_000
ROWS = 90_000
NAME = "Spotify Account Data/StreamingHistory_music_0.json"


@pytest.fixture(scope="module")
def history() -> bytes:
    return account_file(ROWS)


@pytest.fixture
def archive(tmp_path: Path, history: bytes) -> Path:
    """A ZIP of two pieces and a bit, for its member is not compressed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as opened:
        opened.writestr(NAME, history)
    path = tmp_path / "my_spotify_data.zip"
    path.write_bytes(content.getvalue())
    assert 2 * PIECE_BYTES < path.stat().st_size < 3 * PIECE_BYTES
    return path


def run(stack: RunningStack, person: Person, path: Path, **task: Any) -> list[dict[str, Any]]:
    """Runs the client to its end; what it told."""
    done = subprocess.run(
        installed.command(
            endpoint=f"{stack.http}/api/uploads/tus",
            token=token_of(person.id),
            path=str(path),
            pieceBytes=PIECE_BYTES,
            **task,
        ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_zip_in_pieces_that_was_aborted_and_resumed_ends_in_the_dashboard(
    stack: RunningStack, person: Person, sql: Connection, archive: Path, history: bytes, tmp_path: Path
) -> None:
    memory = str(tmp_path / "uploads.json")
    first = run(stack, person, archive, memory=memory, stopAfter=1, how="abort")
    assert first[1:] == [
        {"pieceBytes": PIECE_BYTES, "accepted": PIECE_BYTES, "total": archive.stat().st_size},
        {"stopped": "abort"},
    ]
    upload_id = first[0]["url"].rpartition("/")[2]
    assert person.status(upload_id)["receivedBytes"] == PIECE_BYTES

    second = run(stack, person, archive, memory=memory)
    accepted = [event["accepted"] for event in second if "accepted" in event]
    assert accepted == [2 * PIECE_BYTES, archive.stat().st_size], "it went on where it was"
    assert second[-1] == {"done": first[0]["url"]}

    status = person.ended(upload_id)
    assert (status["status"], status["totalFiles"], status["filename"]) == ("completed", 1, archive.name)
    expected = expected_plays({NAME: history})
    assert stored_plays(sql, person.id) == (expected.plays, expected.ms_played)
    assert person.overview()["plays"] == expected.plays == ROWS


def test_an_upload_that_the_client_ends_leaves_nothing(
    stack: RunningStack, person: Person, sql: Connection, archive: Path
) -> None:
    told = run(stack, person, archive, stopAfter=1, how="terminate")
    assert told[-1] == {"stopped": "terminate"}
    assert person.client.get("/api/uploads").json()["items"] == []
    assert sql.execute("SELECT FROM upload_files WHERE user_id = %s", [person.id]).fetchall() == []


def test_the_lock_of_the_client_names_no_place_that_its_packages_come_from() -> None:
    packages = json.loads((installed.FOLDER / "package-lock.json").read_text())["packages"]
    assert "node_modules/tus-js-client" in packages
    assert not any("resolved" in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)
