"""The worker's settings."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from ingest_worker.__main__ import main
from ingest_worker.settings import Settings, SettingsError, read_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SLUICE_"):
            monkeypatch.delenv(name)


def test_every_setting_has_a_usable_default() -> None:
    settings = read_settings()
    assert settings.coordinator_target == "127.0.0.1:50051"
    assert settings.worker_concurrency == 5
    assert settings.service_token is None
    assert settings.worker_name.endswith(f"-{os.getpid()}")
    assert (settings.upload_files, settings.file_bytes, settings.upload_bytes) == (200, 104_857_600, 536_870_912)


def test_there_are_no_more_parsers_than_jobs_or_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert Settings(worker_concurrency=3).parse_processes == 3
    assert Settings(worker_concurrency=20).parse_processes == 8
    assert Settings(worker_concurrency=20, worker_parse_processes=11).parse_processes == 11


def test_all_mistakes_are_told_together_and_no_value_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_WORKER_CONCURRENCY", "many")
    monkeypatch.setenv("SLUICE_FILE_BYTES", "-77777")
    monkeypatch.setenv("SLUICE_LOG_LEVEL", "LOUD")
    with pytest.raises(SettingsError) as mistakes:
        read_settings()
    told = str(mistakes.value)
    assert [line.partition(":")[0] for line in told.splitlines()] == [
        "SLUICE_WORKER_CONCURRENCY",
        "SLUICE_FILE_BYTES",
        "SLUICE_LOG_LEVEL",
    ]
    assert "many" not in told
    assert "77777" not in told


def test_the_token_does_not_show_where_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_SERVICE_TOKEN", "a-secret-of-ours")
    assert "a-secret-of-ours" not in repr(read_settings())


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().worker_concurrency = 7  # type: ignore[misc]


def test_the_program_explains_itself_and_its_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Parses uploaded files" in CliRunner().invoke(main, ["--help"]).output
    monkeypatch.setenv("SLUICE_WORKER_CONCURRENCY", "0")
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "SLUICE_WORKER_CONCURRENCY" in result.output
