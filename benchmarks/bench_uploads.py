"""Uploading through the front door, for benchmarks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

_ENDED = {"completed", "failed", "cancelled"}
_POLL_SECONDS = 0.02


@contextmanager
def signed_in(http: str) -> Iterator[httpx.Client]:
    """Gives a client of the demo user's."""
    with httpx.Client(base_url=http, timeout=600.0, trust_env=False) as client:
        token = client.post("/api/session/demo").raise_for_status().json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def ended(client: httpx.Client, accepted: httpx.Response) -> dict[str, Any]:
    """Waits for the end of an upload that was accepted; gives its status then."""
    if accepted.status_code != httpx.codes.ACCEPTED:
        raise RuntimeError(f"the upload was refused: {accepted.text}")
    upload_id = accepted.json()["uploadJobId"]
    while True:
        status: dict[str, Any] = client.get(f"/api/uploads/{upload_id}/status").raise_for_status().json()
        if status["status"] in _ENDED:
            return status
        time.sleep(_POLL_SECONDS)
