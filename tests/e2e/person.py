"""A person who uploads and reads through HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import jwt

from tests.e2e.until import until

SECRET = "sluice-local-development-secret-not-for-production"
ENDED = {"completed", "failed", "cancelled"}


def token_of(person_id: str, *, secret: str = SECRET, **claims: Any) -> str:
    """Signs a token as Supabase does; `claims` replace what stands in it otherwise."""
    usual = {"sub": person_id, "aud": "authenticated", "role": "authenticated", "exp": int(time.time()) + 3600}
    return jwt.encode(usual | claims, secret, algorithm="HS256")


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    client: httpx.Client
    id: str

    def post_files(self, files: Mapping[str, bytes], **headers: str) -> httpx.Response:
        """Sends export files in one request."""
        parts = [("files", (name.rpartition("/")[2], content)) for name, content in files.items()]
        return self.client.post("/api/uploads/json", files=parts, headers=headers)

    def post_archive(self, content: bytes, filename: str = "my_spotify_data.zip") -> httpx.Response:
        """Sends an archive."""
        return self.client.post("/api/uploads/zip", files={"file": (filename, content)})

    def upload(self, files: Mapping[str, bytes]) -> str:
        """Uploads export files and returns the upload's id."""
        return _accepted(self.post_files(files))

    def upload_archive(self, content: bytes) -> str:
        """Uploads an archive and returns the upload's id."""
        return _accepted(self.post_archive(content))

    def status(self, upload_id: str) -> dict[str, Any]:
        """Reads how far an upload is."""
        response = self.client.get(f"/api/uploads/{upload_id}/status")
        assert response.status_code == 200, response.text
        status: dict[str, Any] = response.json()
        return status

    def ended(self, upload_id: str, timeout: float = 40.0) -> dict[str, Any]:
        """Waits for an upload's end and returns its status then."""
        return until(lambda: status if (status := self.status(upload_id))["status"] in ENDED else None, timeout) or {}

    def overview(self) -> dict[str, Any]:
        """Reads the sums of the dashboard."""
        overview: dict[str, Any] = self.client.get("/api/listens/overview").json()
        return overview


def _accepted(response: httpx.Response) -> str:
    assert response.status_code == 202, response.text
    upload_id: str = response.json()["uploadJobId"]
    return upload_id


@contextmanager
def new_person(http: str, person_id: str | None = None, secret: str = SECRET) -> Iterator[Person]:
    """Signs in somebody new, or somebody whom one knows."""
    with httpx.Client(base_url=http, timeout=30.0, trust_env=False) as client:
        person = Person(client, person_id or str(uuid4()))
        client.headers["Authorization"] = f"Bearer {token_of(person.id, secret=secret)}"
        yield person
