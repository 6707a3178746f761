"""What docs/uploads.md shows works as it stands."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import coordinator.settings
import gateway.settings
from export_formats.samples import write_zip
from gateway.problems import COORDINATOR_STATUS, GATEWAY_STATUS
from stack.npm_folder import node
from tests.e2e.made_files import account_file
from tests.e2e.person import Person, new_person, token_of
from tests.e2e.running_stack import RunningStack
from tests.tus_client import installed

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "uploads.md").read_text()
ADDRESS = "http://localhost:8080"
STAND_IN = "stand-in"
# curl where there is one, and always what stands in for it, so that it is there where there is none.
CURLS = [*filter(None, [shutil.which("curl")]), STAND_IN]

ROWS = 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page names."""
    (tmp_path / "endsong_0.json").write_bytes(account_file(ROWS, 0))
    (tmp_path / "endsong_1.json.gz").write_bytes(gzip.compress(account_file(ROWS, 1)))
    (tmp_path / "my_data.zip").write_bytes(write_zip({"a/StreamingHistory_music_0.json": account_file(ROWS, 2)}))
    return tmp_path


def snippets(language: str) -> list[str]:
    """The page's programs in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def demo_person(stack: RunningStack) -> Iterator[Person]:
    """Whom the local stack signs in, whose earlier uploads do not count."""
    session = httpx.post(f"{stack.http}/api/session/demo", trust_env=False).json()
    with new_person(stack.http, session["userId"]) as person:
        yield person


@pytest.mark.parametrize("curl", CURLS)
def test_the_commands_of_the_page_upload_cancel_and_remove(
    stack: RunningStack, demo_person: Person, folder: Path, curl: str
) -> None:
    before = {upload["id"] for upload in demo_person.client.get("/api/uploads").json()["items"]}
    program = "set -eu\n" + "\n".join(snippets("sh"))
    assert program.count(ADDRESS) == 1
    done = subprocess.run(
        ["sh", "-c", program.replace(ADDRESS, stack.http)],
        cwd=folder,
        env=os.environ | {"PATH": f"{_programs(folder, curl)}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert '"reason"' not in done.stdout, done.stdout
    assert '{"cancelledFiles":0,"keptPlays":0}' in done.stdout
    new = [upload for upload in demo_person.client.get("/api/uploads").json()["items"] if upload["id"] not in before]
    assert len(new) == 3, "what was cancelled was removed as well"
    ended = [demo_person.ended(upload["id"]) for upload in new]
    assert {upload["status"] for upload in ended} == {"completed"}
    assert sorted(upload["totalRecords"] for upload in ended) == [ROWS, ROWS, 2 * ROWS]


def _programs(folder: Path, curl: str) -> Path:
    """A folder with the programs that the page's commands begin with."""
    programs = folder / "bin"
    programs.mkdir()
    python = programs / "python3"
    python.symlink_to(sys.executable)
    if curl == STAND_IN:
        stand_in = programs / "curl"
        stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.e2e.curl_stand_in "$@"\n')
        stand_in.chmod(0o755)
    return programs


def test_the_program_of_the_page_uploads_a_file(stack: RunningStack, person: Person, folder: Path) -> None:
    [program] = snippets("js")
    installed.CLIENT.install()
    (folder / "node_modules").symlink_to(installed.CLIENT.modules)
    (folder / "upload.mjs").write_text(program.replace("'/api/uploads/tus'", f"'{stack.http}/api/uploads/tus'"))
    (folder / "main.mjs").write_text(
        """
        import { readFileSync } from 'node:fs';
        import { upload } from './upload.mjs';

        const [path, token] = process.argv.slice(2);
        const file = Object.assign(readFileSync(path), { name: path, type: 'application/zip' });
        process.stdout.write(await upload(file, token, () => {}));
        """
    )
    done = subprocess.run(
        [node(), "main.mjs", "my_data.zip", token_of(person.id)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ended = person.ended(done.stdout)
    assert (ended["status"], ended["insertedRecords"], ended["filename"]) == ("completed", ROWS, "my_data.zip")


def test_the_limits_of_the_page_are_the_defaults() -> None:
    told = dict(re.findall(r"\| ([\d]+ ?[A-Za-z]*) \| `(SLUICE_[A-Z_]+)` \|", PAGE))
    there = {f"SLUICE_{name.upper()}": field for name, field in coordinator.settings.Settings.model_fields.items()}
    there |= {f"SLUICE_{name.upper()}": field for name, field in gateway.settings.Settings.model_fields.items()}
    units = {"": 1, "MiB": 1024 * 1024, "h": 1, "days": 1}
    assert len(told) == 5
    for text, setting in told.items():
        number, _, unit = text.partition(" ")
        assert there[setting].default == int(number) * units[unit], setting


def test_the_refusals_of_the_page_have_their_statuses() -> None:
    told = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \|", PAGE, re.MULTILINE)
    assert told
    for status, reason in told:
        assert int(status) == GATEWAY_STATUS.get(reason, COORDINATOR_STATUS.get(reason)), reason
