"""What the stack and the tests ask of a server as its superuser; the rest is for the migrations to set up."""

import secrets
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow


def connect_admin(url: str) -> psycopg.Connection[TupleRow]:
    """Connects with every statement in a transaction of its own; the caller closes it."""
    return psycopg.connect(url, autocommit=True)


def ensure_database(url: str, name: str) -> str:
    """Creates a database where it is missing and returns the URL to it."""
    with connect_admin(url) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return with_database(url, name)


def give_login(url: str, role: str, password: str | None = None) -> str:
    """Lets a role log in with a password, a new one where None, instead of any former; returns the role's URL."""
    password = password or secrets.token_urlsafe(24)
    with connect_admin(url) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), verifier.decode()))
    address = urlsplit(url).netloc.rpartition("@")[2]
    return urlsplit(url)._replace(netloc=f"{quote(role, safe='')}:{password}@{address}").geturl()


def with_database(url: str, name: str) -> str:
    """Returns the same login's URL to another database."""
    return urlsplit(url)._replace(path="/" + quote(name, safe="")).geturl()
