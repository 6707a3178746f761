"""The worker's settings, read from the environment once, when it starts."""

from __future__ import annotations

import os
import socket
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class SettingsError(Exception):
    """The environment cannot be used; the message names every mistake, one a line, and no value."""


def _own_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"[:200]


class Settings(BaseSettings):
    """Every setting with its default; SLUICE_ and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_", frozen=True, extra="ignore", env_ignore_empty=True)

    coordinator_target: str = "127.0.0.1:50051"
    service_token: SecretStr | None = None

    # For people who look after workers. The default is the machine's name and the process id.
    worker_name: str = Field(default_factory=_own_name, min_length=1, max_length=200)
    worker_concurrency: int = Field(5, ge=1, le=1_000)
    # The default is one a job, unless there are fewer processors.
    worker_parse_processes: int | None = Field(None, ge=1, le=256)
    # Of each parser, for what it works on. The largest file of the oddest kind takes some 160 MiB.
    worker_parser_bytes: int = Field(256 * MIB, ge=64 * MIB)
    # Of files held at a time; a larger one comes when it is the only one.
    worker_held_bytes: PositiveInt = 256 * MIB
    worker_grace_seconds: PositiveFloat = 8.0

    upload_files: PositiveInt = 200
    file_bytes: PositiveInt = 100 * MIB
    upload_bytes: PositiveInt = 512 * MIB
    archive_members: PositiveInt = 5_000

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False

    @property
    def parse_processes(self) -> int:
        """How many files are parsed at the same time."""
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.worker_parse_processes or min(processors, self.worker_concurrency)


def read_settings() -> Settings:
    """Reads the environment. Raises SettingsError, which names all mistakes together."""
    try:
        return Settings()
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        lines = [f"SLUICE_{'_'.join(map(str, mistake['loc'])).upper()}: {mistake['msg']}" for mistake in mistakes]
        raise SettingsError("\n".join(lines)) from None
