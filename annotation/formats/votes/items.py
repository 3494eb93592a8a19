"""What the names in a file of votes stand for: a CSV with a row for each stimulus.

Columns: item_id, id, index or item for what the votes call it, and any of name (the stimulus's key from now on), text
(what people read; the key by default), subject or identity, split; every other column is a label.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli.texts import decode
from annotation.formats.votes.rows import SPLITS

_ITEM = ("item_id", "id", "index", "item", "key")
_SUBJECT = ("subject", "identity")
_OWN = {*_ITEM, *_SUBJECT, "name", "text", "split"}
MOST_KEY = 200


@dataclass(frozen=True)
class Item:
    """One stimulus: what the votes call it, its key, and what is known of it; split is 0, 1 or 2."""

    item: str
    key: str
    text: str
    subject: str = ""
    split: int = 0
    labels: dict[str, str] = field(default_factory=dict)


def plain_item(name: str) -> Item:
    """A stimulus of which nothing is known but its name."""
    return Item(item=name, key=name, text=name)


def read_items(path: Path) -> list[Item]:
    """The stimuli of a file.

    Args:
        path: The file.

    Raises:
        FormatError: It is not such a file; the sentence names row and column.
    """
    limits = Limits()
    try:
        if path.stat().st_size > limits.manifest_bytes:
            raise FormatError("The file is too large.", file=path.name)
        text = decode(path.read_bytes(), file=path.name)
    except OSError as error:
        raise FormatError(f"The file cannot be read ({error.strerror}).", file=path.name) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        named = next((name for name in _ITEM if name in header), None)
        if named is None or len(set(header)) < len(header):
            raise FormatError(
                f"The header must name each column once, one of them {' or '.join(_ITEM)}.", file=path.name
            )
        rows = [
            _item(dict(zip(header, cells, strict=True)), named, path.name, row)
            for row, cells in enumerate(reader, start=2)
            if any(cells) and _whole(cells, header, path.name, row)
        ]
    except csv.Error as error:
        raise FormatError(f"The file is not valid CSV ({error}).", file=path.name) from error
    for values, column in (([one.item for one in rows], named), ([one.key for one in rows], "name")):
        _distinct(values, path.name, column)
    return rows


def _whole(cells: list[str], header: list[str], file: str, row: int) -> bool:
    if len(cells) != len(header):
        sentence = f"The row has {len(cells)} cells where the header has {len(header)}."
        raise FormatError(sentence, file=file, row=row)
    return True


def _item(cells: dict[str, str], named: str, file: str, row: int) -> Item:
    item = cells[named].strip()
    key = cells.get("name", "").strip() or item
    if not item or len(key) > MOST_KEY:
        raise FormatError(f"A name has 1 to {MOST_KEY} characters.", file=file, row=row, field=named)
    split = cells.get("split", "").strip().lower()
    if split and split not in SPLITS:
        sentence = f'"{split[:40]}" is no split; there are train, validation and test.'
        raise FormatError(sentence, file=file, row=row, field="split")
    return Item(
        item=item,
        key=key,
        text=(cells.get("text", "").strip() or key)[: Limits().text_chars],
        subject=next((cells[name].strip() for name in _SUBJECT if cells.get(name)), "")[:MOST_KEY],
        split=SPLITS.get(split, 0),
        labels={name: value for name, value in cells.items() if name not in _OWN and value and len(name) <= 64},
    )


def _distinct(values: list[str], file: str, column: str) -> None:
    seen: set[str] = set()
    for row, value in enumerate(values, start=2):
        if value in seen:
            raise FormatError(f'"{value}" occurs twice.', file=file, row=row, field=column)
        seen.add(value)
