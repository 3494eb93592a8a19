"""Mechanical Turk's batch CSV: a row an assignment, Input.* for what was shown and Answer.* for what was said.

Which column is what is the requester's own, so it is told: head, left, right and answer, and worker, created or ms
where they are not WorkerId, SubmitTime and none. ``{n}`` in a column stands for 1, 2, … where a HIT asked several
questions (head=Input.target{n}). An answer is left or right, a or b, 1 or 2, or the name of a candidate; "same", "x",
"cant_tell" and "can't tell" say that the worker could not tell. Files are UTF-8 or, as Amazon once wrote them, Latin-1.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotation.formats.errors import FormatError
from annotation.formats.votes.arrow import header_of
from annotation.formats.votes.rows import UNKNOWN, VoteRows, natural_order, plain_rows

_DEFAULTS = {"worker": "WorkerId", "created": "SubmitTime", "ms": ""}
_NEEDED = ("head", "left", "right", "answer")
_LEFT, _RIGHT, _NEITHER = {"left", "a", "1"}, {"right", "b", "2"}, {"same", "x", "cant_tell", "can't tell"}
_MOST_BYTES = 1 << 30


class MturkVotes:
    """A batch of HITs, by a mapping of its columns."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return {"HITId", "WorkerId"} <= set(header) and any(name.startswith("Answer.") for name in header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        unknown = set(options) - {*_NEEDED, *_DEFAULTS}
        missing = [role for role in _NEEDED if not options.get(role)]
        if unknown or missing:
            said = f"there is no {min(unknown)}" if unknown else f"{', '.join(missing)} is missing"
            raise FormatError(f"Say which columns hold head, left, right and answer; {said}.", file=path.name)
        header = header_of(path)
        groups = _groups({**_DEFAULTS, **options}, header, path.name)
        return _rows(_cells(path), header, groups, path.name)


def _groups(columns: dict[str, str], header: list[str], file: str) -> list[dict[str, int]]:
    """For each question of a HIT: the places of its columns."""
    numbered = any("{n}" in column for column in columns.values())
    groups: list[dict[str, int]] = []
    for n in range(1, len(header) + 1 if numbered else 2):
        names = {role: column.replace("{n}", str(n)) for role, column in columns.items() if column}
        absent = [name for role, name in names.items() if name not in header and role in _NEEDED]
        if absent and n > 1:
            break
        if absent:
            raise FormatError("The header does not name this column.", file=file, row=1, field=absent[0])
        groups.append({role: header.index(name) for role, name in names.items() if name in header})
    return groups


def _cells(path: Path) -> list[list[str]]:
    if path.stat().st_size > _MOST_BYTES:
        raise FormatError(f"The file is larger than {_MOST_BYTES >> 30} GiB.", file=path.name)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    except csv.Error as error:
        raise FormatError(f"The file is not valid CSV ({error}).", file=path.name) from error


def _rows(cells: list[list[str]], header: list[str], groups: list[dict[str, int]], file: str) -> VoteRows:
    triplets, sides, rest, lines, undecided = [], [], [], [], []
    unanswered = 0
    for row, line in enumerate(cells, start=2):
        if not any(line):
            continue
        if len(line) != len(header):
            sentence = f"The row has {len(line)} cells where the header has {len(header)}."
            raise FormatError(sentence, file=file, row=row)
        for group in groups:
            cell = {role: line[place].strip() for role, place in group.items()}
            if not cell["answer"]:
                unanswered += 1
                continue
            if empty := next((role for role in ("head", "left", "right") if not cell[role]), None):
                raise FormatError("The cell is empty.", file=file, row=row, field=header[group[empty]])
            triplet, side = _answer(cell, file, row, header[group["answer"]])
            triplets.append(triplet)
            sides.append(side)
            undecided.append(cell["answer"].lower() in _NEITHER and side == 1)
            rest.append((cell.get("worker", ""), cell.get("created", ""), cell.get("ms", "")))
            lines.append(row)
    left_out = {"questions without an answer": unanswered} if unanswered else {}
    return _built(triplets, sides, undecided, rest, lines, left_out, file)


def _answer(cell: dict[str, str], file: str, row: int, field: str) -> tuple[tuple[str, str, str], int]:
    """Head, winner and loser, and whether the winner was on the left."""
    head, left, right, answer = (cell[role] for role in _NEEDED)
    word = answer.lower()
    if answer == left != right or (answer != right and (word in _LEFT or word in _NEITHER)):
        return (head, left, right), 1
    if answer == right != left or word in _RIGHT:
        return (head, right, left), 0
    raise FormatError(f'"{answer[:40]}" is no side and no candidate.', file=file, row=row, field=field)


def _built(
    triplets: list[tuple[str, str, str]],
    sides: list[int],
    undecided: list[bool],
    rest: list[tuple[str, str, str]],
    lines: list[int],
    left_out: dict[str, int],
    file: str,
) -> VoteRows:
    import pyarrow as pa

    from annotation.formats.votes.times import moments_of

    items, places = np.unique(np.array(triplets, dtype=np.str_).reshape(-1, 3), return_inverse=True)
    order = natural_order(items)
    people, when, spent = ([row[at] for row in rest] for at in range(3))
    workers, who = np.unique(np.array(people, dtype=np.str_), return_inverse=True)
    nameless = np.array([not one for one in people], dtype=np.bool_)
    row_of = np.array(lines, dtype=np.int64)
    moments: npt.NDArray[np.datetime64] = moments_of(
        pa.array([one or None for one in when], pa.string()), file=file, field="created"
    )
    return plain_rows(
        items[order],
        np.argsort(order)[places.reshape(-1, 3)],
        workers=workers,
        worker=np.where(nameless, UNKNOWN, who).astype(np.int64),
        side=np.array(sides, dtype=np.int8),
        response_ms=np.array(
            [_number(one, file, row) for one, row in zip(spent, lines, strict=True)], dtype=np.float64
        ),
        created=moments,
        cant_tell=np.array(undecided, dtype=np.bool_),
        line=row_of,
        left_out=left_out,
    )


def _number(text: str, file: str, row: int) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        raise FormatError(f'"{text[:40]}" is not a number.', file=file, row=row, field="ms") from None
