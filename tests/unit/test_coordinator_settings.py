"""The coordinator's settings: defaults that work, every mistake told at once, secrets hidden."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from coordinator.settings import Settings

URL = "postgresql://user:secret-password@127.0.0.1/sluice"


def test_the_database_alone_must_be_named() -> None:
    settings = Settings(DATABASE_URL=URL)
    assert (settings.grpc_host, settings.grpc_port, settings.lease_seconds) == ("127.0.0.1", 50051, 15.0)


def test_secrets_are_hidden_when_printed() -> None:
    settings = Settings(DATABASE_URL=URL, service_tokens="worker:token-token-token-1")
    assert "secret-password" not in repr(settings)
    assert "token-token" not in repr(settings)


def test_all_mistakes_are_told_at_once_without_their_values() -> None:
    environment = os.environ | {
        "DATABASE_URL": "mysql://secret",
        "SLUICE_GRPC_PORT": "99999",
        "SLUICE_LEASE_SECONDS": "x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "coordinator", "serve"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert all(name in done.stderr for name in ("DATABASE_URL", "grpc_port", "lease_seconds"))
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_beyond_loopback_tokens_are_asked_for(host: str) -> None:
    with pytest.raises(ValidationError, match="SLUICE_SERVICE_TOKENS"):
        Settings(DATABASE_URL=URL, grpc_host=host)
    with_tokens = Settings(DATABASE_URL=URL, grpc_host=host, service_tokens="worker:token-token-token-1")
    assert with_tokens.grpc_host == host


def test_a_ping_that_could_come_too_late_is_refused() -> None:
    with pytest.raises(ValidationError, match="SLUICE_PING_SECONDS"):
        Settings(DATABASE_URL=URL, lease_seconds=5, ping_seconds=4)
