"""The gateway's settings, read from the environment once, when it starts."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.open_queues import OpenQueues

KIB = 1024
MIB = 1024 * KIB

DEVELOPMENT_SECRET = "sluice-local-development-secret-not-for-production"  # noqa: S105 - known to everyone, on purpose

# RFC 7518, 3.2: a key for HS256 is at least as long as the hash.
_LEAST_SECRET_BYTES = 32


class SettingsError(Exception):
    """The environment cannot be used; the message names every mistake, one a line, and no value."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must be an address that begins with https:// or http://")
    return url.rstrip("/")


def _is_link(url: str) -> str:
    return url if url.startswith("/") else _is_web_address(url)


def _is_long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < _LEAST_SECRET_BYTES:
        raise ValueError(f"must have {_LEAST_SECRET_BYTES} bytes at least")
    return secret


def _are_job_queues(text: str) -> str:
    OpenQueues.parse(text)
    return text


class Settings(BaseSettings):
    """Every setting with its default; SLUICE_ and the name in capitals, but for Supabase's own three."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_", frozen=True, extra="ignore", env_ignore_empty=True)

    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535)
    # For a container, which has to listen on all its addresses while its port is published on loopback alone.
    published_on_loopback: bool = False
    drain_seconds: PositiveFloat = 8.0

    coordinator_target: str = "127.0.0.1:50051"
    service_token: SecretStr | None = None
    # For what operators ask; without it the service token is shown, which has to have that role then.
    operator_token: SecretStr | None = None

    jwt_secret: Annotated[SecretStr, AfterValidator(_is_long_enough)] = Field(
        SecretStr(DEVELOPMENT_SECRET), validation_alias="SUPABASE_JWT_SECRET"
    )
    supabase_url: Annotated[str, AfterValidator(_is_web_address)] | None = Field(
        None, validation_alias="NEXT_PUBLIC_SUPABASE_URL"
    )
    # Read for the sake of the warning only.
    service_role_key: SecretStr | None = Field(None, validation_alias="SUPABASE_SERVICE_ROLE_KEY")
    demo_sign_in: bool = False
    sign_in_url: Annotated[str, AfterValidator(_is_link)] | None = None

    docs: bool = True

    upload_files: PositiveInt = 200
    # As they come out of gzip. An archive counts as it is, and as an upload.
    file_bytes: PositiveInt = 100 * MIB
    upload_bytes: PositiveInt = 512 * MIB
    zip_wait_seconds: float = Field(10.0, ge=0)

    # Of which queues and kinds people may have jobs: "images:resize,crop mail:*". Where there are none, no route is.
    job_queues: Annotated[str, AfterValidator(_are_job_queues)] = ""
    job_payload_bytes: PositiveInt = 64 * KIB

    # How long a stream of events may last; 0 is without end. Where functions are cut after 30 s, 25 suits.
    events_seconds: float = Field(0.0, ge=0)
    heartbeat_seconds: PositiveFloat = 15.0

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False

    @model_validator(mode="after")
    def _keep_the_development_secret_at_home(self) -> Self:
        if self.demo_sign_in and not self.has_development_secret:
            raise ValueError(
                "SLUICE_DEMO_SIGN_IN lets everyone in and works with the development secret alone: unset it, "
                "or unset SUPABASE_JWT_SECRET"
            )
        if self.has_development_secret and not self.is_on_loopback:
            raise ValueError(
                "SUPABASE_JWT_SECRET is the development secret, which everyone knows, and SLUICE_HTTP_HOST is "
                "no loopback address: set SUPABASE_JWT_SECRET to your project's secret"
            )
        return self

    @property
    def open_queues(self) -> OpenQueues:
        """Which jobs are people's to have."""
        return OpenQueues.parse(self.job_queues)

    @property
    def has_development_secret(self) -> bool:
        """Whether tokens are checked with the secret that everyone knows."""
        return self.jwt_secret.get_secret_value() == DEVELOPMENT_SECRET

    @property
    def is_on_loopback(self) -> bool:
        """Whether only this machine's programs reach the gateway."""
        return self.published_on_loopback or _is_loopback(self.http_host)

    @property
    def issuer(self) -> str | None:
        """The issuer that tokens must name; None where no Supabase project is configured."""
        return f"{self.supabase_url}/auth/v1" if self.supabase_url else None

    def warnings(self) -> list[str]:
        """Sentences about settings that work and should not stay as they are."""
        said = []
        if self.service_role_key is not None:
            said.append("SUPABASE_SERVICE_ROLE_KEY is needed nowhere: unset it, for it opens the whole database.")
        if self.has_development_secret:
            said.append("Tokens are checked with the development secret, which everyone knows: for this machine only.")
        return said


def read_settings() -> Settings:
    """Reads the environment. Raises SettingsError, which names all mistakes together."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_sentence(mistake["loc"], mistake["msg"]) for mistake in error.errors())
        ) from None


def read_public_settings() -> Settings:
    """Reads the environment of a server that is not ours to bind, so that anyone may reach it.

    Raises SettingsError; the development secret is one of the mistakes.
    """
    settings = read_settings()
    if settings.has_development_secret:
        raise SettingsError(
            "SUPABASE_JWT_SECRET: must be set where something else than `python -m gateway` serves this"
        )
    return settings


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{_variable(str(location[0]))}: {text}" if location else text


def _variable(name: str) -> str:
    """Gives the environment variable of a setting; errors name the field where it has no alias."""
    return f"SLUICE_{name.upper()}" if name in Settings.model_fields else name
