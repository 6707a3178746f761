"""The coordinator's settings, read from the environment once, when it starts."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from coordinator.domain import KIB, MIB


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_postgres(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a URL that begins with postgresql://")
    return url


class Settings(BaseSettings):
    """Every setting with its default; SLUICE_ and the name in capitals, but for DATABASE_URL."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: Annotated[SecretStr, AfterValidator(_is_postgres)] = Field(validation_alias="DATABASE_URL")
    grpc_host: str = "127.0.0.1"
    grpc_port: int = Field(50051, ge=0, le=65535)
    # role:token, separated by blanks; roles are producer, worker, operator. Asked for beyond loopback.
    service_tokens: SecretStr = SecretStr("")

    database_connections: int = Field(10, ge=3, le=500)
    engine_connections: int = Field(4, ge=2, le=100)
    database_timeout_seconds: PositiveFloat = 10.0
    prepare_statements: bool = True
    # Off behind a transaction pooler, which does not let a session listen.
    listen: bool = True

    lease_seconds: float = Field(15.0, ge=1, le=3600)
    ping_seconds: float = Field(5.0, ge=0.1, le=600)
    reconnect_grace_seconds: float = Field(1.5, ge=0, le=60)
    # None: 5 s, and 1 s where `listen` is off.
    poll_seconds: float | None = Field(None, ge=0.05, le=60)
    deadline_check_seconds: float = Field(10.0, ge=0.05, le=600)
    # How often all jobs are counted, which mends what coordinators that died left uncounted.
    recount_seconds: float = Field(300.0, ge=0.1, le=86_400)
    drain_seconds: PositiveFloat = 8.0
    default_max_attempts: int = Field(4, ge=1, le=100)
    default_deadline_seconds: float = Field(600.0, ge=1, le=86_400)
    default_backoff_base_seconds: float = Field(2.0, ge=0, le=86_400)
    default_backoff_factor: float = Field(2.0, ge=1, le=10)
    default_backoff_ceiling_seconds: float = Field(300.0, ge=0, le=86_400)

    payload_bytes: PositiveInt = 256 * KIB
    enqueue_jobs: int = Field(5_000, ge=1, le=5_000)
    upload_files: PositiveInt = 200
    file_bytes: PositiveInt = 100 * MIB
    upload_bytes: PositiveInt = 512 * MIB
    file_rows: PositiveInt = 2_000_000
    incoming_files: PositiveInt = 32
    staged_bytes: PositiveInt = 1024 * MIB
    turn_seconds: PositiveFloat = 10.0

    history_days: int = Field(14, ge=1, le=3650)
    failed_content_days: int = Field(7, ge=0, le=3650)
    abandoned_upload_hours: PositiveFloat = 24.0

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.ping_seconds * 2 > self.lease_seconds:
            raise ValueError(
                "SLUICE_PING_SECONDS must be at most half of SLUICE_LEASE_SECONDS, or a late ping loses jobs"
            )
        if self.failed_content_days > self.history_days:
            raise ValueError(
                "SLUICE_FAILED_CONTENT_DAYS must be at most SLUICE_HISTORY_DAYS: a retry needs the job as well"
            )
        if not _is_loopback(self.grpc_host) and not self.service_tokens.get_secret_value():
            raise ValueError("SLUICE_SERVICE_TOKENS is needed where SLUICE_GRPC_HOST is not a loopback address")
        return self

    @property
    def effective_poll_seconds(self) -> float:
        """How often a queue is looked at when no word of it came."""
        if self.poll_seconds is not None:
            return self.poll_seconds
        return 5.0 if self.listen else 1.0
