"""Manifests: one row a stimulus, as CSV with a header or as JSONL.

Columns: id (required), picture, text, features, subject, neutral, split, kind; every other column is a label,
"expression" or "label:expression" alike. Names of the eight columns are read in any case; an empty cell means "not
given".
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli.entries import FIELDS, Entry
from annotation.formats.stimuli.texts import decode, plain

_LABEL = "label:"


def read_manifest(data: bytes, *, file: str, limits: Limits) -> list[Entry]:
    """The entries that a manifest asks for.

    Args:
        data: The whole manifest.
        file: Its name; .jsonl is read as JSONL, anything else as CSV.
        limits: Bounds to hold.

    Raises:
        FormatError: If it is not UTF-8, ragged, lacks an id column, names a column twice, or holds no rows.
    """
    text = decode(data, file=file)
    rows = _jsonl(text, file, limits) if file.lower().endswith(".jsonl") else _csv(text, file, limits)
    entries: list[Entry] = []
    for row, cells in rows:
        if len(entries) >= limits.entries:
            raise FormatError(f"The manifest has over {limits.entries:,} rows.", file=file)
        entries.append(_entry(cells, file, row))
    if not entries:
        raise FormatError("The manifest holds no stimuli.", file=file)
    return entries


def _entry(cells: dict[str, str], file: str, row: int) -> Entry:
    fields = {name: cells.get(name, "") for name in FIELDS}
    labels = {name.removeprefix(_LABEL): value for name, value in cells.items() if name not in FIELDS and value}
    fields["text"] = plain(fields["text"])
    return Entry(key=fields.pop("id"), labels=labels, file=file, row=row, **fields)


def _column(name: str) -> str:
    """Canonical name of a column: one of FIELDS, or "label:" and the label's name."""
    name = name.strip()
    if name.lower() in FIELDS:
        return name.lower()
    return _LABEL + name.removeprefix(_LABEL).strip()


def _columns(names: list[str], file: str, row: int, limits: Limits) -> list[str]:
    """Canonical columns of a header, checked."""
    if len(names) > limits.columns:
        raise FormatError(f"There are {len(names):,} columns; at most {limits.columns:,} are read.", file=file, row=row)
    columns = [_column(name) for name in names]
    for at, name in enumerate(columns):
        if name == _LABEL:
            raise FormatError(f"Column {at + 1} has no name.", file=file, row=row)
        if name in columns[:at]:
            raise FormatError("The column is named twice.", file=file, row=row, field=name.removeprefix(_LABEL))
    if "id" not in columns:
        hint = " Separate the columns by commas." if len(names) == 1 and ";" in names[0] else ""
        raise FormatError(f'There is no column "id".{hint}', file=file, row=row, field="id")
    return columns


def _csv(text: str, file: str, limits: Limits) -> Iterator[tuple[int, dict[str, str]]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    row = 0
    try:
        for row, cells in enumerate(lines, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells, file, row, limits)
                continue
            if len(cells) != len(columns):
                raise FormatError(
                    f"The row has {len(cells)} cells where the header has {len(columns)}.", file=file, row=row
                )
            yield row, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    except csv.Error as error:
        raise FormatError(f"The file is not valid CSV ({error}).", file=file, row=row + 1) from error


def _jsonl(text: str, file: str, limits: Limits) -> Iterator[tuple[int, dict[str, str]]]:
    for row, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            pairs = json.loads(line, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise FormatError("The line is not valid JSON.", file=file, row=row) from error
        if not isinstance(pairs, _Pairs):
            raise FormatError("The line is not a JSON object.", file=file, row=row)
        columns = _columns([name for name, _ in pairs], file, row, limits)
        values = [_text(value, file, row, name) for name, value in pairs]
        yield row, dict(zip(columns, values, strict=True))


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its repeated names still visible."""


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _text(value: object, file: str, row: int, name: str) -> str:
    """A JSON value as the text that a CSV cell would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value):
        return value.strip()
    raise FormatError("The value is neither text nor a number.", file=file, row=row, field=name)
