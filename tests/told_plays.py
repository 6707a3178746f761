"""Compares what is stored of a person with what the samples' truth tells, play by play."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from export_formats.samples import Columns, Identity, Truth, fold

_MOST_NAMED = 5

_QUERY = """
    SELECT source, extract(epoch FROM played_at)::bigint AS played_at, ms_played, content_type, track_name, artist_name,
        album_name, track_uri, skipped
    FROM listens WHERE user_id = %s
"""


def assert_told_plays(connection: Connection[Any], user_id: UUID | str, truth: Truth) -> None:
    """Checks that just the plays of the truth are stored, each once, and each as one of its rows has it."""
    rows = connection.cursor(row_factory=dict_row).execute(_QUERY, [user_id]).fetchall()
    stored = {_identity(row): Columns(**{name: row[name] for name in Columns._fields}) for row in rows}
    told = {_comparable(identity): shown for identity, shown in truth.plays.items()}
    assert len(stored) == len(rows), "a play is stored twice"
    assert (_some(told.keys() - stored.keys()), _some(stored.keys() - told.keys())) == ([], []), "missing, and too many"
    strange = {identity: shown for identity, shown in stored.items() if shown not in told[identity]}
    assert [(strange[identity], told[identity]) for identity in _some(strange)] == []


def _identity(row: dict[str, Any]) -> Identity:
    """Gives the identity that the rule has for a stored play."""
    # An author is shown for a chapter of account data, and its book is what it is compared by.
    is_by_book = row["source"] == "account" and row["content_type"] == "audiobook"
    names = (fold(row["album_name" if is_by_book else "artist_name"]), fold(row["track_name"]))
    content = row["track_uri"] or names
    return Identity(row["source"], row["played_at"], row["ms_played"], content)


def _comparable(identity: Identity) -> Identity:
    """Puts the words that are shown for a name that lacks into its place."""
    if isinstance(identity.content, str):
        return identity
    group, name = identity.content
    return identity._replace(content=(group or fold("Unknown Artist"), name or fold("Unknown Track")))


def _some(identities: Iterable[Identity]) -> list[Identity]:
    return sorted(identities, key=repr)[:_MOST_NAMED]
