"""Everything that a database holds, to be searched and to be compared."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from psycopg import Connection
from psycopg import sql as compose
from psycopg.rows import TupleRow

Everything = dict[str, list[str]]

_TABLES = """
    SELECT n.nspname, c.relname
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'sluice') AND c.relkind = 'r'
    ORDER BY 1, 2
"""
_NAMING_COLUMNS = """
    SELECT DISTINCT c.table_schema || '.' || c.table_name
    FROM information_schema.columns AS c
    JOIN information_schema.tables AS t USING (table_schema, table_name)
    WHERE c.table_schema IN ('public', 'sluice') AND t.table_type = 'BASE TABLE'
        AND c.column_name ~ '(user|owner|lane|person|file_id)'
        AND c.data_type NOT IN ('integer', 'bigint', 'boolean')
"""


def read_everything(connection: Connection[TupleRow]) -> Everything:
    """Gives every row of every table as text, bytes as the text that they are; sorted, by the table's name."""
    tables = connection.execute(_TABLES).fetchall()
    return {f"{schema}.{table}": _rows(connection, schema, table) for schema, table in tables}


def tables_with(everything: Everything, words: Iterable[str]) -> set[str]:
    """Gives the tables of which a row says one of the words, anywhere and in upper or lower case."""
    wanted = [word.lower() for word in words]
    return {table for table, rows in everything.items() if any(word in row.lower() for row in rows for word in wanted)}


def tables_that_can_name_people(connection: Connection[TupleRow]) -> set[str]:
    """Gives the tables with a column for a person, a lane or a file; partitions by their parents' names."""
    named = {str(name) for (name,) in connection.execute(_NAMING_COLUMNS).fetchall()}
    parents = connection.execute(
        "SELECT c.oid::regclass::text, i.inhparent::regclass::text "
        "FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind = 'r'"
    ).fetchall()
    return named - {str(partition) for partition, _ in parents}


def _rows(connection: Connection[TupleRow], schema: str, table: str) -> list[str]:
    statement = compose.SQL("SELECT * FROM {}").format(compose.Identifier(schema, table))
    return sorted(repr(tuple(_text(value) for value in row)) for row in connection.execute(statement).fetchall())


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    with suppress(zlib.error):
        value = zlib.decompress(value)
    return f"{value.decode(errors='replace')} {value.hex()}"
