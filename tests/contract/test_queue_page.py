"""The page about the queue names tests that exist, settings as they are, and every verb of the contract."""

import re
from pathlib import Path

from protos.jobs.v1 import job_service_pb2, worker_service_pb2

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "queue.md").read_text()


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    there = set(re.findall(r"^ *(?:async )?def (test_\w+)", code, re.MULTILINE))
    assert named
    assert named - there == set()


def test_every_verb_of_producers_and_workers_stands_on_the_page() -> None:
    services = (
        job_service_pb2.DESCRIPTOR.services_by_name["JobService"],
        worker_service_pb2.DESCRIPTOR.services_by_name["WorkerService"],
    )
    reads = {"GetJob", "ReadPayload"}
    verbs = {method.name for service in services for method in service.methods} - reads
    assert {verb for verb in verbs if f"`{verb}`" not in PAGE} == set()
