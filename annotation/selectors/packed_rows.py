"""Columns of a query as numpy arrays, without a Python object for each cell, where it is known what can be in them.

The database packs the whole numbers of a row into words of 63 bits, and hands a block of rows over as one value a
word: PostgreSQL as bytes, SQLite as a text of numbers. Arithmetic is what both do quickly; text of a row is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from numpy.typing import NDArray

_BITS = 63  # signed words, none of them negative


@dataclass(frozen=True)
class Whole:
    """A whole number, neither negative nor NULL.

    Attributes:
        high: The greatest that it can be. What holds that is for the caller to know: a greater number makes those
            beside it wrong.
    """

    high: int


@dataclass(frozen=True)
class Code:
    """One of a few texts; read as its place among them.

    Attributes:
        texts: What it can be.
    """

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Real:
    """A real number, exact to fifteen digits.

    Attributes:
        nullable: Whether there may be NULL, which is read as NaN.
    """

    nullable: bool = False


Column = Whole | Code | Real


def columns_read(query: "QuerySet[Any, Any]", columns: Mapping[str, Column]) -> dict[str, NDArray[Any]]:
    """All rows of a query, a column each: int64, or float64 where it is real.

    The rows come as the database finds them. Where order matters, read a key with them: to have the database order
    them costs SQLite as much again as reading them, for the most part of what is in order already.

    Args:
        query: `values_list` of as many fields as there are columns, in that order; not ordered.
        columns: What each is called, and what can be in it.

    Raises:
        ValueError: A column that is not real held NULL, or a text that is none of its code.
    """
    connection = connections[query.db]
    try:
        sql, params = query.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return {name: np.zeros(0, dtype=_type(column)) for name, column in columns.items()}
    words = _words(columns)
    reals = {name: column for name, column in columns.items() if isinstance(column, Real)}
    cells = {name: f"c{place}" for place, name in enumerate(columns)}
    wrap = _Postgres if connection.vendor == "postgresql" else _Sqlite
    parts = [
        *(
            wrap.whole.format(_packed({name: (cells[name], columns[name]) for name in word}, wrap.bigint))
            for word in words
        ),
        *(
            wrap.real.format(f"coalesce({cells[name]}, 'NaN')" if column.nullable else cells[name])
            for name, column in reals.items()
        ),
    ]
    statement = f"WITH found({', '.join(cells.values())}) AS ({sql}) SELECT count(*), {', '.join(parts)} FROM found"  # noqa: S608  (numbers and names of columns)
    count, *values = wrap.fetch(connection, statement, params)
    kinds = [np.int64] * len(words) + [np.float64] * len(reals)
    arrays = [wrap.array(value, kind) for value, kind in zip(values, kinds, strict=True)]
    if any(len(array) != count for array in arrays):
        raise ValueError(f"A row of {count} holds NULL or an unknown text in one of {', '.join(columns)}.")
    found = dict(zip(reals, arrays[len(words) :], strict=True))
    for word, array in zip(words, arrays, strict=False):
        found |= _unpacked(array, {name: columns[name] for name in word})
    return {name: found[name] for name in columns}


def _type(column: Column) -> type:
    return np.float64 if isinstance(column, Real) else np.int64


def _bits(column: Column) -> int:
    """How many bits a column takes of a word."""
    if isinstance(column, Real):
        raise TypeError("Reals are not packed.")
    return max(column.high if isinstance(column, Whole) else len(column.texts) - 1, 1).bit_length()


def _words(columns: Mapping[str, Column]) -> list[list[str]]:
    """The columns that share a word, in order, each word as full as comes."""
    words: list[list[str]] = []
    room = 0
    for name, column in columns.items():
        if isinstance(column, Real):
            continue
        bits = _bits(column)
        if bits > room:
            words.append([])
            room = _BITS
        words[-1].append(name)
        room -= bits
    return words


def _packed(cells: Mapping[str, tuple[str, Column]], bigint: str) -> str:
    """The expression of a word: the first column in its highest bits."""
    word = ""
    for cell, column in cells.values():
        if isinstance(column, Code):
            whens = " ".join(f"WHEN '{text}' THEN {place}" for place, text in enumerate(column.texts))
            value = f"(CASE {cell} {whens} END)"
        else:
            value = f"{cell}{bigint}"
        word = f"({word} << {_bits(column)} | {value})" if word else value
    return word


def _unpacked(word: NDArray[np.int64], columns: Mapping[str, Column]) -> dict[str, NDArray[np.int64]]:
    found = {}
    for name, column in reversed(list(columns.items())):
        bits = _bits(column)
        found[name] = word & ((1 << bits) - 1)
        word = word >> bits
    return found


class _Sqlite:
    """One text of numbers a word; a real's text has fifteen digits."""

    bigint, whole, real = "", "group_concat({})", "group_concat({})"

    @staticmethod
    def fetch(connection: Any, statement: str, params: Sequence[Any]) -> tuple[Any, ...]:
        """The one row of a statement."""
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            found: tuple[Any, ...] = cursor.fetchone()
            return found

    @staticmethod
    def array(value: str | None, kind: type) -> NDArray[Any]:
        from pyarrow import csv, py_buffer

        if kind is np.int64 or not value:
            return np.fromstring(value or "", dtype=kind, sep=",")
        text = value.replace(",", "\n").encode()  # numpy takes ten times as long for a real as Arrow
        whole = csv.ReadOptions(column_names=["real"], block_size=len(text) + 1, use_threads=False)
        convert = csv.ConvertOptions(column_types={"real": "float64"}, null_values=[])
        return csv.read_csv(py_buffer(text), read_options=whole, convert_options=convert)["real"].to_numpy()  # type: ignore[no-any-return]


class _Postgres:
    """The numbers' own bytes, one after the other."""

    bigint, whole, real = "::bigint", "string_agg(int8send({}), '')", "string_agg(float8send({}), '')"

    @staticmethod
    def fetch(connection: Any, statement: str, params: Sequence[Any]) -> tuple[Any, ...]:
        """The one row of a statement; Django's own cursor would have bytes sent as hexadecimal digits."""
        from psycopg import Cursor

        connection.ensure_connection()
        with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
            cursor.execute(statement, params, prepare=False, binary=True)
            return tuple(cursor.fetchone() or ())

    @staticmethod
    def array(value: Any, kind: type) -> NDArray[Any]:
        return np.frombuffer(value or b"", dtype=np.dtype(kind).newbyteorder(">")).astype(kind)
