"""Filling an empty table: its indexes and foreign keys are built once, from all rows, instead of row by row.

That is how databases are restored, and here it is the same transaction: whoever looks from outside sees the table as it
was, then the full one with every constraint checked. Meanwhile the table is locked, so it is done only where it holds
nothing that anybody could be waiting for. SQLite cannot take constraints off, only indexes that belong to none.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

# Foreign keys and unique constraints by name; then the indexes that belong to no constraint.
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('f', 'u') ORDER BY contype DESC, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY indexrelid
"""


@contextmanager
def built_after(*filled: type[models.Model]) -> Iterator[None]:
    """Take constraints and indexes of tables off, and put them on again at the end. Call within a transaction.

    Tables that hold rows are left as they are.

    Args:
        filled: Tables that are about to be filled.

    Raises:
        IntegrityError: At the end: a constraint does not hold for what was written.
    """
    empty = [model._meta.db_table for model in filled if not model._default_manager.exists()]
    take_off = _taken_off if connection.vendor == "postgresql" else _indexes_taken_off
    taken = [statement for table in empty for statement in take_off(table)]
    yield
    if taken:
        _settle()
    with connection.cursor() as cursor:
        for statement in taken:
            cursor.execute(statement)


def _settle() -> None:
    """Have the checks made that wait for the end of the transaction: PostgreSQL alters no table that awaits any."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _indexes_taken_off(table: str) -> list[str]:
    """Drop a table's indexes in SQLite, those of constraints excepted; returns the statements that make them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql > ''", [table]
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    return [sql for _, sql in found]


def _taken_off(table: str) -> list[str]:
    """Take everything off a table; returns the statements that put it on again."""
    quote = connection.ops.quote_name
    again = []
    _settle()
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, [table])
        for name, definition in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
            again.append(f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}")
        cursor.execute(_INDEXES, [table])
        for name, definition in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
            again.append(definition)
    return again
