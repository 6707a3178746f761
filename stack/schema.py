"""Brings a database to the schema, as its owner, and lets coordinators in."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
from urllib.parse import unquote, urlsplit

import psycopg

from stack.errors import StackError
from stack.postgres_admin import give_login
from stack.process import launch_command
from stack.services import surroundings

_ROLE = "sluice_coordinator"


def prepare_schema(owner_url: str) -> str:
    """Applies what is missing of the schema and returns the URL for coordinators.

    Raises:
        StackError: the database does not answer, cannot be migrated, or its owner may not let the role log in.
    """
    migrate(owner_url)
    try:
        return give_login(owner_url, _ROLE, _password(owner_url))
    except psycopg.Error as error:
        raise StackError(
            f"The database's owner may not let the role {_ROLE} log in ({str(error).strip()}): name the URL of the "
            "role that made it, or of a superuser."
        ) from error


def migrate(owner_url: str) -> None:
    """Runs the coordinator's own command: what it knows of migrations stays with it. Raises StackError."""
    migrated = subprocess.run(
        launch_command("coordinator", "migrate"),
        env=surroundings() | {"DATABASE_URL": owner_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if migrated.returncode != 0:
        raise StackError(migrated.stderr.strip().removeprefix("Error: ") or "The database could not be migrated.")


def _password(owner_url: str) -> str | None:
    """Derives the role's password from the owner's: two stacks on one server then do not lock each other out."""
    owners = urlsplit(owner_url).password
    if not owners:
        return None
    return hmac.new(unquote(owners).encode(), _ROLE.encode(), hashlib.sha256).hexdigest()
