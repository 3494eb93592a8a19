"""Rows of a query as Arrow columns, without a Python object for each cell.

The database itself writes a block of rows as one text of lines, and Arrow reads it: so a block costs Python one object.
(COPY would hand them over one by one.) Only numbers, dates and codes pass, none of which needs quotes; ids stand for
names, which the caller puts in their place. What it reads is what the same query's `values_list` reads, in that order.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Literal

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

Kind = Literal["integer", "integer?", "real", "real?", "code", "time"]  # "?" where NULL may be
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
