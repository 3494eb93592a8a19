"""Triplets as JSON lines: one object a triplet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from annotation.formats.errors import FormatError
from annotation.formats.exports.lines import Names, joined, numbers
from annotation.formats.exports.table import COLUMNS, TripletTable
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets

_FILE = "triplets.jsonl"


class JsonlExport:
    """UTF-8, ASCII only; keys in the order of the table."""

    media_type = "application/jsonl"
    extension = ".jsonl"

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write all triplets, block by block.

        Args:
            dataset: What to write.
            out: Where to.
        """
        ids = [json.dumps(text) for text in dataset.stimuli.tolist()]
        names = [
            Names([f"{before}{text}" for text in ids]) for before in ('{"anchor": ', ', "nearer": ', ', "farther": ')
        ]
        splits = Names([f', "split": "{split}"' for split in SPLITS])
        for block in dataset.blocks():
            stimuli = [of.of(column) for of, column in zip(names, block.triplets.T, strict=True)]
            counts = ("weight", "margin", "votes_nearer", "votes_farther")
            middle = [numbers(getattr(block, name), f', "{name}": {{}}') for name in counts]
            ends = [splits.of(block.triplet_split), numbers(block.rounds, ', "round": {}}}\n')]
            out.write(joined([*stimuli, *middle, *ends]))

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of such a file.

        Args:
            source: The file.

        Raises:
            FormatError: If it is not such a file, naming row and field.
        """
        text = io.TextIOWrapper(source, encoding="utf-8", newline="\n")
        try:
            return TripletTable.parse(_rows(text), file=_FILE)
        except UnicodeDecodeError as error:
            raise FormatError("The file is not UTF-8 text.", file=_FILE) from error
        finally:
            text.detach()


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, object]]]:
    for row, line in enumerate(text, start=1):
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError("The line is not valid JSON.", file=_FILE, row=row) from error
        if not isinstance(cells, dict) or tuple(cells) != COLUMNS:
            raise FormatError(f"The line is not an object of {', '.join(COLUMNS)}.", file=_FILE, row=row)
        yield row, cells
