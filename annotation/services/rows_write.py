"""Many rows at once: PostgreSQL's binary COPY, and long INSERTs in SQLite. No model instance is made.

Columns are arrays, one a field. Every constraint of the table holds for what is written, and its errors are Django's.
"""

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from django.db import connection, models
from django.db.transaction import TransactionManagementError
from numpy.typing import NDArray

# Rows that are turned into Python's own values, or into one message, together.
BLOCK = 50_000
# Rows of one INSERT in SQLite, as far as it takes so many variables.
_STATEMENT = 2_500
_WIDTHS = {
    "BigAutoField": ">i8",
    "ForeignKey": ">i8",
    "PositiveIntegerField": ">i4",
    "PositiveSmallIntegerField": ">i2",
    "FloatField": ">f8",
}
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01", "us")  # PostgreSQL's
Columns = Mapping[str, NDArray[Any]]


def keys_reserve(model: type[models.Model], count: int) -> NDArray[np.int64]:
    """Ascending primary keys that nobody else will be given. Call within a transaction.

    Args:
        model: Whose keys.
        count: How many.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return np.sort(np.array([row[0] for row in cursor.fetchall()], dtype=np.int64))
        # Nobody else writes while this transaction is open, and a key that was ever used is in the sequence.
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        return np.arange(1, count + 1, dtype=np.int64) + int(cursor.fetchone()[0])


def uuids_make(count: int) -> NDArray[np.uint8]:
    """(count, 16) UUIDs of version 7: a clock that goes on with every 4096th, a counter, and 62 random bits.

    They ascend, so an index grows at one end instead of everywhere.
    """
    made = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    number = np.arange(count, dtype=np.int64)
    clock = ((time.time_ns() // 1_000_000 + (number >> 12)) << 16) | 0x7000 | (number & 0xFFF)
    made[:, :8] = clock.astype(">i8").view(np.uint8).reshape(count, 8)
    made[:, 8] = made[:, 8] & 0x3F | 0x80
    return made


def rows_write(model: type[models.Model], columns: Columns, rows: NDArray[np.int64] | None = None) -> int:
    """Write rows of one table, within a transaction; returns how many.

    Args:
        model: The table.
        columns: An array a column by the field's attname; a field that is left out is NULL. Texts are arrays of str,
            moments datetime64[us] in UTC, UUIDs (…, 16) uint8. An array of length 1 holds for every row.
        rows: Places in the arrays, in the order of writing; all by default.

    Raises:
        IntegrityError: A constraint does not hold.
        TransactionManagementError: No transaction is open.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Rows are written within a transaction.")
    known = {field.attname: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in columns]
    longest = max(len(values) for values in columns.values())
    every = np.arange(longest) if rows is None else rows
    for start in range(0, len(every), BLOCK):
        part = every[start : start + BLOCK]
        block = [
            values[part] if len(values) > 1 else np.repeat(values, len(part), axis=0) for values in columns.values()
        ]
        if connection.vendor == "postgresql":
            _copy(model, fields, block)
        else:
            _insert(model, fields, block)
    return len(every)


def _names(fields: Sequence[Any]) -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)


def _insert(model: type[models.Model], fields: Sequence[Any], block: Sequence[NDArray[Any]]) -> None:
    """Some thousand rows a statement: what a CHECK with a list prepares, SQLite then prepares once for all of them.

    The transaction is open, and so the turn to write is ours; Django's cursor would rewrite each long statement.
    """
    lists = [_plain(field.get_internal_type(), values) for field, values in zip(fields, block, strict=True)]
    insert = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({_names(fields)}) VALUES "  # noqa: S608
    one = f"({', '.join('?' * len(fields))})"
    database = connection.connection
    variables = database.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    together = max(min(_STATEMENT, variables // len(fields)), 1)
    rows = zip(*lists, strict=True)
    with connection.wrap_database_errors:
        while part := list(islice(rows, together)):
            database.execute(insert + ", ".join([one] * len(part)), list(chain.from_iterable(part)))


def _plain(kind: str, values: NDArray[Any]) -> list[Any]:
    """A column as SQLite keeps it."""
    if kind == "UUIDField":
        whole = values.tobytes().hex()
        return [whole[at : at + 32] for at in range(0, len(whole), 32)]
    if kind == "DateTimeField":
        moments: list[str] = np.char.replace(np.datetime_as_string(values, unit="us"), "T", " ").tolist()
        return moments
    plain: list[Any] = values.tolist()
    return plain


def _copy(model: type[models.Model], fields: Sequence[Any], block: Sequence[NDArray[Any]]) -> None:
    cells = [_cells(field.get_internal_type(), values) for field, values in zip(fields, block, strict=True)]
    table = connection.ops.quote_name(model._meta.db_table)
    copy = f"COPY {table} ({_names(fields)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(copy) as sink:
        sink.write(_SIGNATURE)
        for rows in _alike(cells):
            sink.write(_records([one[rows] for one, _ in cells], [int(sizes[rows[0]]) for _, sizes in cells]))
        sink.write(_END)


def _cells(kind: str, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """A column as PostgreSQL's binary format has it, and the bytes of each cell."""
    if kind == "UUIDField":
        cells = np.ascontiguousarray(values).view("V16").ravel()
    elif kind == "DateTimeField":
        cells = (values - _EPOCH).astype(np.int64).astype(">i8")
    elif kind in _WIDTHS:
        cells = values.astype(_WIDTHS[kind])
    else:
        version = b"\x01" if kind == "JSONField" else b""
        cells = np.array([version + str(text).encode() for text in values.tolist()], dtype=np.bytes_)
        return cells, np.char.str_len(cells)
    return cells, np.full(len(cells), cells.dtype.itemsize)


def _alike(cells: Sequence[tuple[NDArray[Any], NDArray[np.int64]]]) -> list[NDArray[np.int64]]:
    """Places of rows whose cells have the same sizes, one group after the other."""
    groups = np.zeros(len(cells[0][1]), dtype=np.int64)
    for _, sizes in cells:
        if sizes.min() == sizes.max():
            continue
        _, groups = np.unique(groups * (int(sizes.max()) + 1) + sizes, return_inverse=True)
    return [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]


def _records(columns: Sequence[NDArray[Any]], sizes: Sequence[int]) -> bytes:
    """Rows of one shape: the number of fields, then each field's size and bytes."""
    shape: list[tuple[str, Any]] = [("fields", ">i2")]
    for at, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        shape.append((f"size{at}", ">i4"))
        if size:
            shape.append((f"cell{at}", f"S{size}" if column.dtype.kind == "S" else column.dtype))
    records = np.zeros(len(columns[0]), dtype=shape)
    records["fields"] = len(columns)
    for at, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        records[f"size{at}"] = size
        if size:
            records[f"cell{at}"] = column
    return records.tobytes()
