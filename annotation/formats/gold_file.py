"""Known questions as a researcher gives them: CSV with a header.

Columns: reference, a, b, answer for triplets, where the answer is a or b; stimulus, answer for labels, where the answer
is one of the labels to choose from. Stimuli are named by their keys.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from annotation.formats.errors import FormatError
from annotation.formats.stimuli.texts import decode

TRIPLET = ("reference", "a", "b", "answer")
LABEL = ("stimulus", "answer")
MOST_ROWS = 10_000
_MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class GoldRow:
    """One known question, by the stimuli's keys; a and b are empty where it asks for a label."""

    row: int
    reference: str
    a: str
    b: str
    answer: str


def read_gold(data: bytes, *, file: str) -> list[GoldRow]:
    """The rows of a file.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: It is not such a file; the sentence names row and column.
    """
    if len(data) > _MOST_BYTES:
        raise FormatError(f"The file is larger than {_MOST_BYTES >> 20} MiB.", file=file)
    lines = csv.reader(io.StringIO(decode(data, file=file), newline=""), strict=True)
    columns: list[str] = []
    rows: list[GoldRow] = []
    number = 0
    try:
        for number, cells in enumerate(lines, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, file, number)
                continue
            if len(rows) >= MOST_ROWS:
                raise FormatError(f"There are over {MOST_ROWS:,} rows.", file=file)
            rows.append(_row(cells, columns, file, number))
    except csv.Error as error:
        raise FormatError(f"The file is not valid CSV ({error}).", file=file, row=number + 1) from error
    if not rows:
        raise FormatError("The file holds no questions.", file=file)
    return rows


def _columns(cells: list[str], file: str, row: int) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if set(names) not in (set(TRIPLET), set(LABEL)) or len(set(names)) < len(names):
        expected = f"{','.join(TRIPLET)} or {','.join(LABEL)}"
        raise FormatError(f"The header must be {expected}, not {','.join(names)}.", file=file, row=row)
    return names


def _row(cells: list[str], columns: list[str], file: str, number: int) -> GoldRow:
    if len(cells) != len(columns):
        raise FormatError(f"The row has {len(cells)} cells where the header has {len(columns)}.", file=file, row=number)
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    if empty := next((name for name in columns if not given[name]), None):
        raise FormatError("The cell is empty.", file=file, row=number, field=empty)
    if "stimulus" in given:
        return GoldRow(number, given["stimulus"], "", "", given["answer"])
    if given["answer"].lower() not in ("a", "b"):
        raise FormatError(
            f"The answer is {given['answer']!r}; it must be a or b.", file=file, row=number, field="answer"
        )
    return GoldRow(number, given["reference"], given["a"], given["b"], given["answer"].lower())
