"""A program in another language, which knows nothing of ours but the committed protos, has jobs and works on them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.grpc_js_client import installed
from tests.service.conftest import StartCoordinator

REPOSITORY = Path(__file__).parents[2]
PAYLOADS = ["a", "grüß", "three words here"]


@pytest.mark.timeout(240)
async def test_a_node_program_enqueues_claims_and_completes(start_coordinator: StartCoordinator) -> None:
    coordinator = await start_coordinator()
    target = f"127.0.0.1:{coordinator.port}"
    command = await asyncio.to_thread(
        installed.command, target=target, protos=str(REPOSITORY), owner="node", payloads=PAYLOADS
    )
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    told: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]

    (enqueued,) = [event["enqueued"] for event in told if "enqueued" in event]
    (refused,) = [event for event in told if "refused" in event]
    assert (refused["refused"], "jobs" in refused["details"]) == (grpc.StatusCode.INVALID_ARGUMENT.value[0], True)
    batches = [event for event in told if "claimed" in event]
    assert {job_id for batch in batches for job_id in batch["claimed"]} == set(enqueued)
    assert {attempt for batch in batches for attempt in batch["attempts"]} == {1}
    assert {batch["refusals"] for batch in batches} == {0}
    assert [(event["job"], event["state"], json.loads(event["result"])) for event in told if "job" in event] == [
        (job_id, "JOB_STATE_COMPLETED", {"letters": len(payload)})
        for job_id, payload in zip(enqueued, PAYLOADS, strict=True)
    ]


def test_the_lock_names_no_address() -> None:
    lock = json.loads((installed.FOLDER / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert "://" not in "".join(json.dumps({**package, "funding": ""}) for package in lock["packages"].values())
