"""Semblance's own votes.csv and votes.jsonl, so that what was exported comes back in.

Answers that counted come back as votes, and answers to attention checks as those. Labels, gold questions, repeats and
answers that did not count stay out, and are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.exports.csv_file import unguard
from annotation.formats.votes.arrow import header_of, numbers_of, read_columns, shared_codes
from annotation.formats.votes.rows import UNKNOWN, VoteRows, natural_order, plain_rows
from annotation.formats.votes.times import moments_of

_TEXTS = ("kind", "probe", "reference", "a", "b", "worker", "left", "choice", "created", "counted")
_TIME = "response_ms"
_MOST_LINE = 1 << 16


class SemblanceVotes:
    """One row an answer, by the keys of the stimuli."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return {*_TEXTS, _TIME} <= set(header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        lines = path.suffix.lower() in (".jsonl", ".ndjson")
        columns = _lines(path) if lines else _table(path, self)
        return _rows(path.name, columns, 1 if lines else 2, guarded=not lines)


def _table(path: Path, format: SemblanceVotes) -> Mapping[str, Any]:
    header = header_of(path)
    if missing := next((name for name in (*_TEXTS, _TIME) if name not in header), None):
        raise FormatError("The header does not name this column.", file=path.name, row=1, field=missing)
    return read_columns(path, texts=_TEXTS, numbers=[_TIME])


def _lines(path: Path) -> Mapping[str, Any]:
    import pyarrow as pa

    cells: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, _TIME)}
    for row, answer in _answers(path):
        for name, values in cells.items():
            value = answer.get(name)
            if isinstance(value, bool):
                value = "yes" if value else "no"
            if name not in answer or not isinstance(value, int | float if name == _TIME else str):
                raise FormatError("The value is missing or wrong.", file=path.name, row=row, field=name)
            values.append(value if name == _TIME else value or None)
    arrays = {name: pa.array(cells[name], pa.string()) for name in _TEXTS}
    return arrays | {_TIME: pa.array(cells[_TIME], pa.float64())}


def _answers(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open("rb") as file:
            row = 0
            while line := file.readline(_MOST_LINE):
                row += 1
                if not line.strip():
                    continue
                try:
                    answer = json.loads(line)
                except ValueError as error:
                    raise FormatError("The line is not JSON.", file=path.name, row=row) from error
                if not isinstance(answer, dict):
                    raise FormatError("The line is not a JSON object.", file=path.name, row=row)
                yield row, answer
    except OSError as error:
        raise FormatError(f"The file cannot be read ({error.strerror}).", file=path.name) from error


def _rows(file: str, columns: Mapping[str, Any], first_row: int, *, guarded: bool) -> VoteRows:
    kind, probe, counted, choice, left = (_texts(columns[n]) for n in ("kind", "probe", "counted", "choice", "left"))
    check = probe == "attention"
    triplet = kind == "triplet"
    kept = triplet & ((counted == "yes") | check)
    left_out = {
        "label answers": int((~triplet).sum()),
        "gold and repeated questions": int((triplet & (probe != "") & ~check).sum()),
        "answers that did not count": int((triplet & (probe == "") & (counted != "yes")).sum()),
    }
    items, place = shared_codes({name: columns[name] for name in ("reference", "a", "b")}, natural_order)
    if guarded:
        items = np.array([unguard(one) for one in items.tolist()], dtype=np.str_)
    wrong = kept & ~(
        np.isin(choice, ("a", "b", "x")) & (place["a"] >= 0) & (place["b"] >= 0) & (place["reference"] >= 0)
    )
    if wrong.any():
        row = int(np.argmax(wrong)) + first_row
        raise FormatError("A vote needs reference, a, b, and a choice of a, b or x.", file=file, row=row)
    workers, who = shared_codes({"worker": columns["worker"]}, natural_order)
    for_b = choice == "b"
    winner, loser = np.where(for_b, place["b"], place["a"]), np.where(for_b, place["a"], place["b"])
    side = np.where(np.isin(left, ("a", "b")), (left == "b") == for_b, UNKNOWN).astype(np.int8)
    rows = plain_rows(
        items,
        np.column_stack([place["reference"], winner, loser])[kept],
        workers=workers,
        worker=who["worker"][kept],
        side=side[kept],
        response_ms=numbers_of(columns[_TIME])[kept],
        created=moments_of(columns["created"], file=file, field="created", first_row=first_row)[kept],
        cant_tell=(choice == "x")[kept],
        line=np.flatnonzero(kept) + first_row,
        left_out={reason: count for reason, count in left_out.items() if count},
    )
    return rows


def _texts(column: Any) -> NDArray[np.str_]:
    names, place = shared_codes({"": column}, np.argsort)
    return np.append(names, "")[place[""]]
