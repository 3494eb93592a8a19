"""Points written as text: .csv, .pts and .obj; and texts that people read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.npy import Floats, to_float32


def decode(data: bytes, *, file: str) -> str:
    """UTF-8 text, with or without a byte-order mark.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If the bytes are not UTF-8, naming the row.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise FormatError("The file is not UTF-8 text; save it as UTF-8.", file=file, row=row) from error


def number(token: str, *, file: str, row: int) -> float:
    """One number of a text file.

    Args:
        token: The text.
        file: Name of the file, for messages.
        row: Its line, for messages.

    Raises:
        FormatError: If it is not a number.
    """
    try:
        # Python reads 1_000 as a number; no file of measurements means that.
        return float(token.replace("_", "?"))
    except ValueError:
        raise FormatError(f'"{token.strip()[:40]}" is not a number.', file=file, row=row) from None


def matrix(rows: Iterable[tuple[int, list[str]]], *, file: str) -> Floats:
    """Rows of tokens as a (rows, columns) float32 array.

    Args:
        rows: Line number and tokens of each row.
        file: Name of the file, for messages.

    Raises:
        FormatError: If there are no rows, rows differ in length, or a token is not a finite number.
    """
    values: list[list[float]] = []
    lines: list[int] = []
    for row, tokens in rows:
        if values and len(tokens) != len(values[0]):
            raise FormatError(
                f"This row holds {len(tokens)} values where the first holds {len(values[0])}.", file=file, row=row
            )
        values.append([number(token, file=file, row=row) for token in tokens])
        lines.append(row)
    if not values:
        raise FormatError("The file holds no points.", file=file)
    table = to_float32(np.array(values, dtype=np.float64))
    finite = np.isfinite(table).all(axis=1)
    if not finite.all():
        raise FormatError(
            "A value is not finite (NaN, infinity, or too large).", file=file, row=lines[int(np.argmin(finite))]
        )
    return table


def read_csv(data: bytes, *, file: str) -> Floats:
    """Comma-separated numbers; a first row without any number is a header.

    Several rows and columns give (rows, columns); a single row or a single column gives a vector.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If it is not a full table of numbers.
    """
    try:
        lines = list(csv.reader(io.StringIO(decode(data, file=file), newline=""), strict=True))
    except csv.Error as error:
        raise FormatError(f"The file is not valid CSV ({error}).", file=file) from error
    rows = [(at, cells) for at, cells in enumerate(lines, start=1) if cells]
    if rows and not any(_is_number(cell) for cell in rows[0][1]):
        rows = rows[1:]
    table = matrix(rows, file=file)
    return table.reshape(-1) if 1 in table.shape else table


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def read_pts(data: bytes, *, file: str) -> Floats:
    """Landmarks of a .pts file as (points, 2 or 3).

    Lines such as "version: 1" and braces are skipped; "n_points: 68", or a first line with one whole number, is the
    count and is compared with what follows.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If a line is not 2 or 3 numbers, or the count does not fit.
    """
    count: int | None = None
    rows: list[tuple[int, list[str]]] = []
    for row, line in enumerate(decode(data, file=file).splitlines(), start=1):
        text = line.strip()
        if text in ("", "{", "}"):
            continue
        name, colon, value = text.partition(":")
        if colon:
            if name.strip() == "n_points":
                count = int(number(value, file=file, row=row))
            continue
        tokens = text.split()
        if not rows and count is None and len(tokens) == 1 and tokens[0].isdigit():
            count = int(tokens[0])
            continue
        if len(tokens) not in (2, 3):
            raise FormatError(f"A landmark has 2 or 3 coordinates; this line has {len(tokens)}.", file=file, row=row)
        rows.append((row, tokens))
    if count is not None and count != len(rows):
        raise FormatError(f"The file promises {count} points and holds {len(rows)}.", file=file)
    return matrix(rows, file=file)


def read_obj(data: bytes, *, file: str) -> Floats:
    """Vertices of a Wavefront .obj as (vertices, 3); everything but "v" lines, colours included, is left out.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If a vertex has fewer than 3 coordinates or there is none.
    """
    rows: list[tuple[int, list[str]]] = []
    for row, line in enumerate(decode(data, file=file).splitlines(), start=1):
        tokens = line.split()
        if not tokens or tokens[0] != "v":
            continue
        if len(tokens) < 4:
            raise FormatError("A vertex needs 3 coordinates.", file=file, row=row)
        rows.append((row, tokens[1:4]))
    return matrix(rows, file=file)


def read_text(data: bytes, *, file: str) -> str:
    """A text that people read, with its lines ended by "\\n" and without the blanks around it.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If it is not UTF-8.
    """
    return plain(decode(data, file=file))


def plain(text: str) -> str:
    """The text as it is kept: the same words are the same stimulus, however the file ended its lines.

    Args:
        text: As it was written.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
