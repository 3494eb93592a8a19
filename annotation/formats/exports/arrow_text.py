"""Arrow tables as CSV and as JSON lines: every distinct text is escaped once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annotation.formats.exports.csv_file import cell
from annotation.formats.exports.lines import joined


def csv_header(columns: Sequence[str]) -> bytes:
    """The names of the columns as the first line."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(columns)
    return out.getvalue().encode()


def csv_lines(table: Any) -> bytes:
    """The rows, with no cell that a spreadsheet would run; nothing for null, yes and no for booleans."""
    pieces: list[Any] = []
    for name in table.column_names:
        pieces += [_texts(table[name], cell, ("yes", "no"), ""), ","]
    return joined([*pieces[:-1], "\r\n"]) if len(table) else b""


def json_lines(table: Any) -> bytes:
    """The rows, an object each."""
    pieces: list[Any] = []
    for place, name in enumerate(table.column_names):
        written = _texts(table[name], _json, ("true", "false"), "null")
        pieces += [f"{', ' if place else '{'}{_json(name)}: ", written]
    return joined([*pieces, "}\n"]) if len(table) else b""


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _texts(column: Any, write: Callable[[str], str], booleans: tuple[str, str], null: str) -> Any:
    """A column as the texts of its cells."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_boolean(values.type):
        return pc.if_else(values, *booleans)
    if pa.types.is_timestamp(values.type):
        moments = np.datetime_as_string(values.cast("int64").to_numpy().astype("datetime64[us]"), unit="us")
        values = pc.binary_join_element_wise(pa.array(moments.tolist(), pa.string()), "+00:00", "")
    if not pa.types.is_string(values.type):
        return pc.fill_null(values.cast(pa.string()), null)
    coded = values.dictionary_encode()
    written = pa.array([write(text) for text in coded.dictionary.to_pylist()], pa.string())
    return pc.fill_null(written.take(coded.indices), null)
