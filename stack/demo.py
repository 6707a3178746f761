"""The demo: the sample export goes through the front door, with a progress bar in the terminal."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from export_formats.samples import sample_export, write_zip
from stack.errors import StackError

# Where tokens are signed with a secret of one's own, nobody signs in without an account.
_NO_DEMO_USER = "there is no demo user to sign in, because SUPABASE_JWT_SECRET is set."

_FILENAME = "my_spotify_data.zip"
_ENDED = frozenset({"completed", "failed", "cancelled"})
_TIMEOUT_SECONDS = 30.0


class DemoError(StackError):
    """The demo did not come to its end; the message says why."""


def run_demo(url: str, pause: Callable[[], None]) -> None:
    """Uploads the sample export for the demo user, unless that one has plays already, and follows it to its end.

    Args:
        url: The gateway's address.
        pause: Called again and again while there is nothing to do but wait.

    Raises:
        DemoError: the gateway refused or did not answer; the message says what it said.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            client.headers["Authorization"] = f"Bearer {_token(client)}"
            _ingest(client, pause, console)
        console.print(f"The dashboard: {url}/dashboard")
    except httpx.HTTPError as error:
        raise DemoError(f"the gateway did not answer ({error}).") from error
    except SystemExit as error:  # the console's way to say that nobody reads it any more
        raise DemoError("nobody reads what it prints.") from error


def _token(client: httpx.Client) -> str:
    response = client.post("/api/session/demo")
    if response.status_code == httpx.codes.NOT_FOUND:
        raise DemoError(_NO_DEMO_USER)
    token: str = _answer(response)["accessToken"]
    return token


def _ingest(client: httpx.Client, pause: Callable[[], None], console: Console) -> None:
    if plays := _plays(client):
        console.print(f"The demo user has {plays:,} plays from an earlier run.")
        return
    console.print("Ingesting a sample export of a person who does not exist.")
    _follow(_uploads(client, _upload(client), pause), console)
    console.print(f"The demo user has {_plays(client):,} plays.")


def _plays(client: httpx.Client) -> int:
    plays: int = _answer(client.get("/api/listens/overview"))["plays"]
    return plays


def _upload(client: httpx.Client) -> str:
    """Sends the archive; where a run before was cut short, its upload is the one that goes on."""
    archive = write_zip(sample_export())
    key = f"demo-{hashlib.sha256(archive).hexdigest()[:32]}"
    accepted = client.post("/api/uploads/zip", files={"file": (_FILENAME, archive)}, headers={"Idempotency-Key": key})
    upload_id: str = _answer(accepted)["uploadJobId"]
    return upload_id


def _uploads(client: httpx.Client, upload_id: str, pause: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Gives the upload's states until it has ended."""
    while True:
        upload = _answer(client.get(f"/api/uploads/{upload_id}/status"))
        yield upload
        if upload["status"] in _ENDED:
            return
        pause()


def _answer(response: httpx.Response) -> Any:
    if not response.is_success:
        raise DemoError(f"{response.request.url.path} answered {response.status_code}: {response.text}")
    return response.json()


def _follow(uploads: Iterator[dict[str, Any]], console: Console) -> None:
    with _progress(console) as show:
        for upload in uploads:
            show(upload["processedFiles"], upload["totalFiles"], upload["totalRecords"])


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[int, int | None, int], None]]:
    """Shows files done, files in all and rows read: a bar in a terminal, otherwise a line for each change."""
    if not console.is_terminal:
        yield _Lines(console).show
        return
    columns = (TextColumn("Files"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rows]:,} rows"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Files", total=None, rows=0)
        yield lambda done, total, rows: progress.update(task, completed=done, total=total, rows=rows)


class _Lines:
    """Progress as lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def show(self, done: int, total: int | None, rows: int) -> None:
        line = f"{done} of {total} files, {rows:,} rows" if total is not None else "The archive is being opened."
        if line != self._last:
            self._console.print(line)
            sys.stdout.flush()
        self._last = line
