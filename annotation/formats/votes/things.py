"""Odd-one-out answers, as THINGS, SPoSE and VICE keep them.

Whoever takes k out of {i, j, k} says that i and j are the most similar pair: d(i, j) ≤ d(i, k) and d(i, j) ≤ d(j, k).
So each answer gives two votes of the same worker: (i, j, k) and (j, i, k). They are not independent; the report counts
them as two.

* raw table: image1, image2, image3 (from 1), choice (1 to 3: the odd one), RT, subject_id; named here from 0, as below.
* i, j, k, odd_one (a name), worker_id.
* .txt or .npy: N × 3 from 0, the odd one last; who answered is not known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.arrow import codes, header_of, numbers_of, read_columns, shared_codes
from annotation.formats.votes.cblearn import integer_triplets, load_arrays
from annotation.formats.votes.rows import VoteRows, natural_order, plain_rows

_RAW = ("image1", "image2", "image3", "choice")
_NAMED = ("i", "j", "k", "odd_one")
_WORKERS = ("subject_id", "worker_id")
_TIMES = ("RT", "response_ms")


class ThingsVotes:
    """Triples of which one was taken out."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return set(_RAW) <= set(header) or set(_NAMED) <= set(header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file, two votes each; raises FormatError."""
        if path.suffix.lower() in (".txt", ".npy"):
            return _bare(path)
        header = header_of(path)
        if not self.fits(header):
            raise FormatError(f"The header must have {', '.join(_RAW)} or {', '.join(_NAMED)}.", file=path.name, row=1)
        return _table(path, header)


def _bare(path: Path) -> VoteRows:
    if path.suffix.lower() == ".npy":
        triples = integer_triplets(load_arrays(path)["triplets"], path.name)
    else:
        try:
            with path.open(encoding="utf-8") as file:
                triples = np.loadtxt(file, dtype=np.int64, ndmin=2, delimiter=None)
        except ValueError as error:
            raise FormatError(f"The file must hold three whole numbers a line ({error}).", file=path.name) from error
        triples = integer_triplets(triples, path.name)
    items = np.array([str(one) for one in range(int(triples.max(initial=-1)) + 1)], dtype=np.str_)
    return plain_rows(items, _doubled(triples), line=np.repeat(np.arange(1, len(triples) + 1), 2))


def _table(path: Path, header: list[str]) -> VoteRows:
    raw = set(_RAW) <= set(header)
    names = list(_RAW if raw else _NAMED)
    worker = next((name for name in _WORKERS if name in header), None)
    time = next((name for name in _TIMES if name in header), None)
    columns = read_columns(path, texts=names + ([worker] if worker else []), numbers=[time] if time else [])
    items, place = shared_codes({name: columns[name] for name in names[:3]}, natural_order)
    three = np.column_stack([place[name] for name in names[:3]])
    if (three < 0).any():
        row, column = np.argwhere(three < 0)[0]
        raise FormatError("The cell is empty.", file=path.name, row=int(row) + 2, field=names[column])
    choices, choice = codes(columns[names[3]])
    # The odd one's place: a number from 1, or the name that one of the three has.
    words = np.array(["1", "2", "3"]) if raw else items
    meaning = np.array([*(int(np.flatnonzero(words == one)[0]) if one in words else -2 for one in choices), -2])
    odd = three == (
        np.take_along_axis(three, meaning[choice][:, None].clip(0, 2), 1) if raw else meaning[choice][:, None]
    )
    wrong = (odd.sum(axis=1) != 1) | (meaning[choice] == -2)
    if wrong.any():
        sentence = "The odd one must be one of three different images."
        raise FormatError(sentence, file=path.name, row=int(np.argmax(wrong)) + 2, field=names[3])
    triples = np.concatenate([three[~odd].reshape(-1, 2), three[odd].reshape(-1, 1)], axis=1)
    workers, who = codes(columns[worker]) if worker else (None, None)
    ms = numbers_of(columns[time]) if time else None
    return plain_rows(
        _from_zero(items, path.name) if raw else items,
        _doubled(triples),
        workers=workers,
        worker=None if who is None else np.repeat(who, 2),
        response_ms=None if ms is None else np.repeat(ms, 2),
        line=np.repeat(np.arange(2, len(triples) + 2), 2),
    )


def _from_zero(items: NDArray[np.str_], file: str) -> NDArray[np.str_]:
    if wrong := next((one for one in items.tolist() if not one.isdecimal() or int(one) < 1), None):
        raise FormatError(f'"{wrong}" is not the number of an image, from 1.', file=file)
    return np.array([str(int(one) - 1) for one in items.tolist()], dtype=np.str_)


def _doubled(triples: NDArray[np.int64]) -> NDArray[np.int64]:
    """(i, j, k) and (j, i, k) of each triple whose last is odd."""
    return np.stack([triples, triples[:, [1, 0, 2]]], axis=1).reshape(-1, 3)
