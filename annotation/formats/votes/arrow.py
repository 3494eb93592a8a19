"""A CSV file as columns: names numbered, numbers parsed, in C; complaints name the row."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.rows import UNKNOWN

NULLS = ["", "NA", "NaN", "nan", "null", "None", "NULL"]
_BLOCK = 8 << 20
_MOST_HEADER = 1 << 16
_ROW = re.compile(r"Row #(\d+)")


def header_of(path: Path, *, encoding: str = "utf-8-sig") -> list[str]:
    """The names of the columns, commas or tabs between them.

    Raises:
        FormatError: The file cannot be read or has no header.
    """
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            line = file.readline(_MOST_HEADER)
    except OSError as error:
        raise FormatError(f"The file cannot be read ({error.strerror}).", file=path.name) from error
    names = next(csv.reader([line], delimiter=delimiter_of(line)), [])
    names = [name.strip() for name in names]
    if not any(names):
        raise FormatError("The file is empty.", file=path.name)
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise FormatError("The header names the column twice.", file=path.name, row=1, field=twice)
    return names


def delimiter_of(line: str) -> str:
    """A tab where there are tabs and no commas, else a comma."""
    return "\t" if "\t" in line and "," not in line else ","


def read_columns(
    path: Path, *, texts: Sequence[str], numbers: Sequence[str] = (), encoding: str = "utf8"
) -> dict[str, Any]:
    """Columns of a CSV file as arrow arrays.

    Args:
        path: The file.
        texts: Columns of names; dictionary-encoded.
        numbers: Columns of real numbers; blank and NA are null.
        encoding: Of the file.

    Raises:
        FormatError: It is not such a file; the sentence names the row.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = header_of(path, encoding="latin-1" if encoding == "latin-1" else "utf-8-sig")
    types = {name: pa.dictionary(pa.int32(), pa.string()) for name in texts}
    types |= {name: pa.float64() for name in numbers}
    with path.open(encoding="latin-1", newline="") as file:
        delimiter = delimiter_of(file.readline(_MOST_HEADER))

    def read(threads: bool) -> Any:
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=threads, block_size=_BLOCK, encoding=encoding, column_names=names, skip_rows=1
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, delimiter=delimiter),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=[*texts, *numbers],
                column_types=types,
                null_values=NULLS,
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    try:
        table = read(True)
    except pa.ArrowInvalid:
        try:
            table = read(False)  # one thread counts the rows, so that the sentence can name one
        except pa.ArrowInvalid as error:
            raise _complaint(str(error), path, names) from error
    return {name: table[name] for name in (*texts, *numbers)}


def _complaint(text: str, path: Path, names: list[str]) -> FormatError:
    row = int(found[1]) if (found := _ROW.search(text)) else None
    column = int(found[1]) if (found := re.search(r"In CSV column #(\d+)", text)) else None
    field = names[column] if column is not None and column < len(names) else ""
    if "UTF8" in text:
        return FormatError("The file is not UTF-8 text; save it as UTF-8.", file=path.name, row=row, field=field)
    if "conversion error to double" in text:
        return FormatError("The cell is not a number.", file=path.name, row=row, field=field)
    if found := re.search(r"Expected (\d+) columns, got (\d+)", text):
        sentence = f"The row has {found[2]} cells where the header has {found[1]}."
        return FormatError(sentence, file=path.name, row=row)
    return FormatError("The file is not valid CSV.", file=path.name, row=row, field=field)


def codes(column: Any) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The different texts of a column, and their places; −1 where a cell is blank."""
    import pyarrow as pa

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    # Astray spaces are no part of a name.
    names = np.array([str(name).strip() for name in whole.dictionary.to_pylist()], dtype=np.str_)
    places = whole.indices.fill_null(UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int64)
    different, again = np.unique(names, return_inverse=True) if len(names) else (names, np.zeros(0, dtype=np.int64))
    numbered: NDArray[np.int64] = np.where(places < 0, UNKNOWN, np.append(again, UNKNOWN)[places])
    return different, numbered


def shared_codes(columns: Mapping[str, Any], rank: Any) -> tuple[NDArray[np.str_], dict[str, NDArray[np.int64]]]:
    """Several columns numbered by one list of names.

    Args:
        columns: Columns by name.
        rank: Function from names to their order.
    """
    each = {name: codes(column) for name, column in columns.items()}
    names = np.unique(np.concatenate([found for found, _ in each.values()] or [np.zeros(0, dtype=np.str_)]))
    order = rank(names)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    numbered = {}
    for column, (found, places) in each.items():
        to = np.append(place[np.searchsorted(names, found)], UNKNOWN)
        numbered[column] = to[places]
    return names[order], numbered


def numbers_of(column: Any) -> NDArray[np.float64]:
    """A column of numbers, NaN where a cell is blank."""
    values: NDArray[np.float64] = column.to_numpy().astype(np.float64, copy=False)
    return values
