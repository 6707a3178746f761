"""docker-compose.yml: read alike by docker-compose 1.29 and Compose v2, closed to outsiders, right for our settings."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

import coordinator.settings
import gateway.settings
import ingest_worker.settings
from coordinator.access import Access, Role, roles_of

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"make_secrets", "migrate"}
STAYING = SERVICES.keys() - ONCE
SETTINGS: dict[str, type[BaseSettings]] = {
    "coordinator": coordinator.settings.Settings,
    "gateway": gateway.settings.Settings,
    "ingest_worker": ingest_worker.settings.Settings,
}

# What both know, of what is used; add to it only after `config -q` with both.
SERVICE_KEYS = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "init",
    "logging",
    "network_mode",
    "networks",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "shm_size",
    "stop_grace_period",
    "tmpfs",
    "user",
    "volumes",
}
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}


def mounts(service: str) -> dict[str, tuple[str, str]]:
    """Where each volume of a service is mounted, and how."""
    parts = [volume.split(":") for volume in SERVICES[service].get("volumes", [])]
    return {name: (path, (mode or ["rw"])[0]) for name, path, *mode in parts}


def environment(service: str, secrets: Path) -> dict[str, str]:
    """What a service is told where nobody sets anything, its secrets' volume being a folder of ours."""
    told = {name: re.sub(r"\$\{\w+:-(\w*)\}", r"\1", value) for name, value in SERVICES[service]["environment"].items()}
    return {name: value.replace("/run/sluice", str(secrets / service)) for name, value in told.items()}


def generate(folder: Path) -> dict[str, str]:
    subprocess.run([sys.executable, str(ROOT / "deploy/compose/generate_secrets.py"), str(folder)], check=True)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def as_started(service: str, secrets: Path) -> dict[str, str]:
    """The environment of the process after the image's entry point."""
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    command = [sys.executable, str(ROOT / "deploy/images/entrypoint.py"), sys.executable, "-c", show]
    run = subprocess.run(command, env=environment(service, secrets), capture_output=True, check=True)
    started: dict[str, str] = json.loads(run.stdout)
    return started


def settings_of(service: str, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith(("SLUICE_", "SUPABASE_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    for name, value in as_started(service, secrets).items():
        monkeypatch.setenv(name, value)
    return SETTINGS[service]()


def test_the_file_uses_only_what_both_versions_know() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"services", "networks", "volumes"}
    assert {key for service in SERVICES.values() for key in service} <= SERVICE_KEYS
    assert {key for name in STAYING for key in SERVICES[name]["healthcheck"]} <= HEALTH_KEYS
    interpolated = re.findall(r"\$\{[^}]*\}", (ROOT / "docker-compose.yml").read_text())
    assert [text for text in interpolated if not re.fullmatch(r"\$\{[A-Z_]+:-\w*\}", text)] == []


def test_only_the_gateway_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway": ["127.0.0.1:${SLUICE_HTTP_PORT:-8080}:8080"]}


def test_nothing_keeps_workers_from_being_scaled() -> None:
    worker = SERVICES["ingest_worker"]
    assert worker.keys().isdisjoint({"container_name", "hostname", "ports", "network_mode"})
    assert isinstance(worker["networks"], list), "an address of its own would be taken by the first of them"


@pytest.mark.parametrize("name", sorted(STAYING))
def test_a_service_that_stays_is_checked_restarted_and_given_time_to_stop(name: str) -> None:
    assert SERVICES[name]["healthcheck"].keys() == HEALTH_KEYS
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["init"] is True
    assert "stop_grace_period" in SERVICES[name]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_until_what_it_needs_is_done_or_healthy(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        done = "service_completed_successfully" if needed in ONCE else "service_healthy"
        assert how == {"condition": done}


@pytest.mark.parametrize("name", sorted(STAYING))
def test_a_service_is_stopped_before_what_it_needs(name: str) -> None:
    """What ran once is gone by then, so that an order which leads over it is forgotten."""
    needed = SERVICES[name].get("depends_on", {}).keys()
    behind = {service for once in needed & ONCE for service in SERVICES[once].get("depends_on", {})}
    assert behind & STAYING <= needed


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_changes_nothing_but_its_volumes_and_has_no_privilege(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("user", "postgres") == "postgres"


def test_only_the_coordinator_and_its_migration_are_on_the_databases_network() -> None:
    on_it = {name for name, service in SERVICES.items() if "store" in service.get("networks", [])}
    assert on_it == {"postgres", "migrate", "coordinator"}
    assert COMPOSE["networks"]["store"] == COMPOSE["networks"]["services"] == {"internal": True}
    assert SERVICES["ingest_worker"]["networks"] == ["services"]


def test_each_secret_is_readable_by_one_service_alone() -> None:
    for volume in [name for name in COMPOSE["volumes"] if name.endswith("_secrets")]:
        holders = {name: mounts(name)[volume] for name in SERVICES if volume in mounts(name)}
        owner = volume.removesuffix("_secrets")
        assert holders == {"make_secrets": (f"/secrets/{owner}", "rw"), owner: ("/run/sluice", "ro")}


def test_secrets_are_kept_and_what_is_made_of_them_follows(tmp_path: Path) -> None:
    first = generate(tmp_path)
    assert generate(tmp_path) == first
    (tmp_path / "ingest_worker/service_token").unlink()
    second = generate(tmp_path)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"ingest_worker/service_token", "coordinator/service_tokens"}
    assert second["ingest_worker/service_token"] in second["coordinator/service_tokens"]


def test_every_secret_file_that_a_service_is_told_of_is_made(tmp_path: Path) -> None:
    made = generate(tmp_path)
    told = {
        value for name in SERVICES if "environment" in SERVICES[name] for value in environment(name, tmp_path).values()
    }
    assert {value for value in told if value.startswith(str(tmp_path))} == {str(tmp_path / name) for name in made}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_process_accepts_what_it_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path)
    fields = {f"SLUICE_{field.upper()}" for field in SETTINGS[name].model_fields}
    settings_of(name, tmp_path, monkeypatch)
    assert {told for told in as_started(name, tmp_path) if told.startswith("SLUICE_")} <= fields


def test_the_tokens_give_each_client_its_own_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path)
    access = Access(settings_of("coordinator", tmp_path, monkeypatch).service_tokens.get_secret_value())
    for client, role in (("gateway", Role.PRODUCER), ("ingest_worker", Role.WORKER)):
        token = settings_of(client, tmp_path, monkeypatch).service_token.get_secret_value()
        method = "/jobs.v1.JobService/Enqueue" if role == Role.PRODUCER else "/jobs.v1.WorkerService/Claim"
        assert role in roles_of(method)
        access.check(method, f"Bearer {token}")


def test_the_gateway_signs_demo_users_in_with_the_development_secret_until_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path)
    told = settings_of("gateway", tmp_path, monkeypatch)
    assert told.has_development_secret
    assert told.demo_sign_in
    assert told.is_on_loopback


def test_no_secret_stands_in_the_file() -> None:
    secret = re.compile("TOKEN|PASSWORD|SECRET|DATABASE_URL|KEY")
    told = [pair for service in SERVICES.values() for pair in service.get("environment", {}).items()]
    plain = {name: value for name, value in told if secret.search(name) and not name.endswith("_FILE")}
    assert plain == {"SUPABASE_JWT_SECRET": "${SUPABASE_JWT_SECRET:-}"}
