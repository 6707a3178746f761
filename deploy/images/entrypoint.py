"""Takes secrets from files and becomes the command: `NAME_FILE=/path` says where the secret setting NAME stands.

Docker and Kubernetes hand out secrets as files, and our processes read the environment alone. Standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

SECRETS = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "SLUICE_COORDINATOR_PASSWORD",
    "SLUICE_OPERATOR_TOKEN",
    "SLUICE_SERVICE_TOKEN",
    "SLUICE_SERVICE_TOKENS",
    "SUPABASE_JWT_SECRET",
)


class SecretError(Exception):
    """A secret cannot be taken; the message names the setting and the file, never the value."""


def main(command: list[str]) -> NoReturn:
    """Is replaced by the command, which keeps the process id and so gets the signals."""
    try:
        environment = with_secrets(os.environ)
    except SecretError as error:
        sys.exit(str(error))
    os.execvpe(command[0], command, environment)  # noqa: S606 - a shell is what must not come in between


def with_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment with the secrets in the place of their files. Raises SecretError."""
    files = {name: environment[f"{name}_FILE"] for name in SECRETS if environment.get(f"{name}_FILE")}
    if twice := [name for name in files if environment.get(name)]:
        raise SecretError(f"{twice[0]} and {twice[0]}_FILE are both set: unset one of them.")
    kept = {name: value for name, value in environment.items() if name.removesuffix("_FILE") not in SECRETS}
    plain = {name: environment[name] for name in SECRETS if name in environment}
    return kept | plain | {name: _read(name, path) for name, path in files.items()}


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretError(f"{name}_FILE: cannot read {path}: {error.strerror}.") from None


if __name__ == "__main__":
    main(sys.argv[1:])
