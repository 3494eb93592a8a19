"""Rows of a query as Arrow columns, without a Python object for each cell.

The database itself writes a block of rows as one text of lines, and Arrow reads it: so a block costs Python one object.
(COPY would hand them over one by one.) Only numbers, dates and codes pass, none of which needs quotes; ids stand for
names, which the caller puts in their place. What it reads is what the same query's `values_list` reads, in that order.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any, Literal

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

Kind = Literal["integer", "integer?", "real", "real?", "code", "time"]  # "?" where NULL may be
# Primary keys that are asked for at once: some megabytes of text.
BLOCK = 1 << 16
# Threads that read ahead: more would wait for each other on small machines, and hold more blocks.
_READERS = 2
# How SQLite writes what is never NULL, quicker than by %s.
_SHAPES = {"integer": "%%d", "real": "%%.9g"}


def rows_read(query: "QuerySet[Any, Any]", kinds: Mapping[str, Kind]) -> Any:
    """All rows of a query as a pyarrow.Table.

    Args:
        query: `values_list` of as many columns as there are kinds.
        kinds: What each column is called in the table, and what is in it. Codes are texts without commas, quotes or
            line breaks, such as "a"; times are in UTC; reals have nine digits or more, all that float32
            holds. NULL is read as null, and as "" where it is a code.
    """
    connection = connections[query.db]
    try:
        sql, params = query.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return _parse(b"", kinds)
    names = [f"c{place}" for place in range(len(kinds))]
    line = _line(connection.vendor, names, list(kinds.values()))
    statement = f"WITH found({', '.join(names)}) AS ({sql}) SELECT {line} FROM found"  # noqa: S608  (names of columns)
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement, params)
        (text,) = cursor.fetchone()
    return _parse(f"{text}\n".encode() if text is not None else b"", kinds)


def blocks_read(
    query: "QuerySet[Any, Any]", kinds: Mapping[str, Kind], *, key: str, block: int = BLOCK
) -> Iterator[Any]:
    """The rows of a query in the order of a key, as tables of the rows whose keys lie in one range.

    No cursor stays open between two blocks, however slow the reader is. Outside transactions, whose rows nobody else
    sees, the next blocks are read by other threads meanwhile.

    Args:
        query: See `rows_read`; not ordered.
        kinds: See `rows_read`.
        key: A field with whole numbers, such as "pk".
        block: Width of a range.
    """
    ends = query.order_by(key).values_list(key, flat=True)
    low, high = ends.first(), ends.last()
    parts = (
        query.filter(**{f"{key}__gte": start, f"{key}__lt": start + block}).order_by(key)
        for start in range(low or 0, (high or 0) + 1, block)
    )
    if low is None:
        return
    alone = connections[query.db].in_atomic_block
    for table in (rows_read(part, kinds) for part in parts) if alone else _ahead(parts, kinds):
        if len(table):  # else a gap: rows of other campaigns
            yield table


def _ahead(parts: "Iterator[QuerySet[Any, Any]]", kinds: Mapping[str, Kind]) -> Iterator[Any]:
    """The tables of queries in order, some read before they are wanted."""
    with ThreadPoolExecutor(_READERS) as readers:
        waiting = deque(readers.submit(_read_apart, part, kinds) for part in islice(parts, _READERS + 1))
        try:
            while waiting:
                table = waiting.popleft().result()
                waiting.extend(readers.submit(_read_apart, part, kinds) for part in islice(parts, 1))
                yield table
        finally:
            for one in waiting:
                one.cancel()


def _read_apart(query: "QuerySet[Any, Any]", kinds: Mapping[str, Kind]) -> Any:
    """`rows_read` in a thread of its own, which leaves no connection behind."""
    try:
        return rows_read(query, kinds)
    finally:
        connections[query.db].close()


def _line(vendor: str, names: list[str], kinds: list[Kind]) -> str:
    """The expression that makes one text of all rows; signs are doubled, because the statement has parameters."""
    if vendor == "postgresql":
        cells = [
            f"{name} AT TIME ZONE 'UTC'" if kind == "time" else name for name, kind in zip(names, kinds, strict=True)
        ]
        return f"string_agg(format('{','.join(['%%s'] * len(names))}', {', '.join(cells)}), chr(10))"
    shape = ",".join(_SHAPES.get(kind, "%%s") for kind in kinds)
    return f"group_concat(printf('{shape}', {', '.join(names)}), char(10))"


def _parse(lines: bytes, kinds: Mapping[str, Kind]) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    types = {"integer": pa.int64(), "real": pa.float64(), "code": pa.string(), "time": pa.timestamp("us")}
    columns = {name: types[kind.rstrip("?")] for name, kind in kinds.items()}
    if not lines:
        return pa.schema(list(columns.items())).empty_table()
    return csv.read_csv(
        pa.BufferReader(lines),
        read_options=csv.ReadOptions(column_names=list(kinds), block_size=max(len(lines), 1) + 1, use_threads=False),
        parse_options=csv.ParseOptions(quote_char=False),
        convert_options=csv.ConvertOptions(column_types=columns, null_values=[""], strings_can_be_null=False),
    )
