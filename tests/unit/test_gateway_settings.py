"""The gateway's environment: defaults, mistakes, and what must not be served to the world."""

from typing import Any

import pytest

from gateway.settings import DEVELOPMENT_SECRET, Settings, SettingsError, read_public_settings, read_settings

OWN_SECRET = "a-secret-of-the-tests-which-is-long-enough"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        monkeypatch.delenv(alias if isinstance(alias, str) else f"SLUICE_{name.upper()}", raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_without_an_environment_it_is_the_local_stacks_gateway() -> None:
    settings = read_settings()
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert settings.jwt_secret.get_secret_value() == DEVELOPMENT_SECRET
    assert (settings.upload_files, settings.file_bytes, settings.upload_bytes) == (200, 104_857_600, 536_870_912)
    assert not settings.demo_sign_in


def test_all_mistakes_are_told_together_and_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(
        monkeypatch,
        {"SLUICE_HTTP_PORT": "65536", "SUPABASE_JWT_SECRET": "hush", "NEXT_PUBLIC_SUPABASE_URL": "ftp://x"},
    )
    with pytest.raises(SettingsError) as caught:
        read_settings()
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "SLUICE_HTTP_PORT",
        "SUPABASE_JWT_SECRET",
        "NEXT_PUBLIC_SUPABASE_URL",
    ]
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_the_development_secret_is_refused_beyond_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    set_all(monkeypatch, {"SLUICE_HTTP_HOST": host})
    with pytest.raises(SettingsError, match="SUPABASE_JWT_SECRET"):
        read_settings()
    set_all(monkeypatch, {"SUPABASE_JWT_SECRET": DEVELOPMENT_SECRET})
    with pytest.raises(SettingsError, match="SUPABASE_JWT_SECRET"):
        read_settings()
    set_all(monkeypatch, {"SUPABASE_JWT_SECRET": OWN_SECRET})
    assert read_settings().http_host == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.53", "::1"])
def test_the_development_secret_does_on_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    set_all(monkeypatch, {"SLUICE_HTTP_HOST": host})
    assert read_settings().has_development_secret


def test_a_container_may_say_that_only_loopback_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"SLUICE_HTTP_HOST": "0.0.0.0", "SLUICE_PUBLISHED_ON_LOOPBACK": "1"})
    assert read_settings().has_development_secret


def test_demo_sign_in_is_refused_with_a_secret_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"SLUICE_DEMO_SIGN_IN": "1"})
    assert read_settings().demo_sign_in
    set_all(monkeypatch, {"SUPABASE_JWT_SECRET": OWN_SECRET})
    with pytest.raises(SettingsError, match="SLUICE_DEMO_SIGN_IN"):
        read_settings()


def test_behind_another_server_a_secret_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="SUPABASE_JWT_SECRET"):
        read_public_settings()
    set_all(monkeypatch, {"SUPABASE_JWT_SECRET": OWN_SECRET})
    assert not read_public_settings().has_development_secret


def test_the_project_names_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"NEXT_PUBLIC_SUPABASE_URL": "https://project.example/"})
    assert read_settings().issuer == "https://project.example/auth/v1"


def test_the_service_role_key_gets_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"SUPABASE_JWT_SECRET": OWN_SECRET})
    assert read_settings().warnings() == []
    set_all(monkeypatch, {"SUPABASE_SERVICE_ROLE_KEY": "key"})
    [warning] = read_settings().warnings()
    assert "SUPABASE_SERVICE_ROLE_KEY" in warning


@pytest.mark.parametrize("values", [{}, {"service_token": "hush-hush"}])
def test_secrets_are_hidden_when_settings_are_printed(values: dict[str, Any]) -> None:
    settings = Settings(SUPABASE_JWT_SECRET=OWN_SECRET, **values)
    assert OWN_SECRET not in repr(settings)
    assert "hush-hush" not in repr(settings)
