"""Triplets as CSV (RFC 4180, UTF-8), safe to open in a spreadsheet.

A spreadsheet runs a cell that starts with = + - @ (or their full-width forms), TAB, CR or LF as a formula. Each id that
starts with one of these, or with an apostrophe, gets one apostrophe in front; reading takes one apostrophe away. So
every id comes back exactly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from annotation.formats.errors import FormatError
from annotation.formats.exports.lines import Names, joined, numbers
from annotation.formats.exports.table import COLUMNS, TripletTable
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets

_GUARD = "'"
_ACTIVE = tuple("=+-@＝＋－＠\t\r\n" + _GUARD)
_FILE = "triplets.csv"


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return _GUARD + text if text.startswith(_ACTIVE) else text


def unguard(cell: str) -> str:
    """The text that guard was given."""
    return cell.removeprefix(_GUARD)


def cell(text: str) -> str:
    """The text as a guarded cell, in quotes where RFC 4180 wants them."""
    safe = guard(text)
    return '"' + safe.replace('"', '""') + '"' if any(mark in safe for mark in ',"\r\n') else safe


class CsvExport:
    """A header and one row a triplet; stimuli by id."""

    media_type = "text/csv; charset=utf-8"
    extension = ".csv"

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write all triplets, block by block.

        Args:
            dataset: What to write.
            out: Where to.
        """
        ids = Names([cell(text) + "," for text in dataset.stimuli.tolist()])
        splits = Names([f"{split}," for split in SPLITS])
        out.write((",".join(COLUMNS) + "\r\n").encode())
        for block in dataset.blocks():
            anchor, nearer, farther = (ids.of(column) for column in block.triplets.T)
            counts = (block.weight, block.margin, block.votes_nearer, block.votes_farther)
            middle = [numbers(values, "{},") for values in counts]
            ends = [splits.of(block.triplet_split), numbers(block.rounds, "{}\r\n")]
            out.write(joined([anchor, nearer, farther, *middle, *ends]))

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of such a file.

        Args:
            source: The file.

        Raises:
            FormatError: If it is not such a file, naming row and field.
        """
        text = io.TextIOWrapper(source, encoding="utf-8", newline="")
        try:
            return TripletTable.parse(_rows(text), file=_FILE)
        except (UnicodeDecodeError, csv.Error) as error:
            raise FormatError("The file is not valid CSV in UTF-8.", file=_FILE) from error
        finally:
            text.detach()


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, object]]]:
    lines = csv.reader(text, strict=True)
    header = next(lines, [])
    if tuple(header) != COLUMNS:
        raise FormatError(f"The header is not {','.join(COLUMNS)}.", file=_FILE, row=1)
    for row, cells in enumerate(lines, start=2):
        if len(cells) != len(COLUMNS):
            raise FormatError(f"The row has {len(cells)} cells, not {len(COLUMNS)}.", file=_FILE, row=row)
        yield row, {name: unguard(cell) for name, cell in zip(COLUMNS, cells, strict=True)}
