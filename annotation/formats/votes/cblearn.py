"""cblearn's arrays, in .npy or .npz, never pickled.

* list-order: (m, 3) whole numbers; a row [i, j, k] says that i is nearer to j than to k.
* with answers beside: one a row, true/false or 1/0 (true: as the row says), or +n/−n, where n answers said so. 0 is
  undecided: nobody said anything that counts.

In an .npz the rows are the only (m, 3) array, or the one called triplets; the answers are response, responses, answers
or answer; who answered, if it is there, is worker or workers; the stimuli's names, else their numbers, are stimuli.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.rows import VoteRows, plain_rows

_ROWS = ("triplets", "queries", "data")
_ANSWERS = ("responses", "response", "answers", "answer")
_WORKERS = ("workers", "worker")
_MOST_VOTES = 100_000_000


class CblearnVotes:
    """Arrays of triplets without, mostly, the people who answered."""

    def fits(self, header: list[str]) -> bool:
        """No text file is of this format."""
        return False

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        arrays = load_arrays(path)
        triplets = integer_triplets(_pick(arrays, _ROWS, path.name), path.name)
        line = np.arange(1, len(triplets) + 1)
        worker = next((arrays[name] for name in _WORKERS if name in arrays), None)
        answers = next((arrays[name] for name in _ANSWERS if name in arrays), None)
        left_out: dict[str, int] = {}
        if answers is not None:
            triplets, line, undecided = _answered(triplets, line, answers, path.name)
            left_out = {"undecided": undecided} if undecided else {}
        workers, who = None, None
        if worker is not None:
            if worker.shape != (len(_pick(arrays, _ROWS, path.name)),):
                raise FormatError("There must be one worker for each triplet.", file=path.name)
            workers, every = np.unique(worker.astype(np.str_), return_inverse=True)
            who = every.astype(np.int64)[line - 1]
        return plain_rows(
            _names(arrays, int(triplets.max(initial=-1)) + 1, path.name),
            triplets,
            workers=workers,
            worker=who,
            line=line,
            left_out=left_out,
        )


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npy (called triplets) or an .npz.

    Raises:
        FormatError: It is neither, or holds Python objects.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"triplets": loaded}
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError("This is no .npy or .npz file of plain arrays.", file=path.name) from error


def integer_triplets(rows: NDArray[Any], file: str) -> NDArray[np.int64]:
    """The rows as (m, 3) whole numbers that are not negative.

    Raises:
        FormatError: They are not.
    """
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "iu":
        raise FormatError(f"There must be (m, 3) whole numbers, not {rows.shape} {rows.dtype}.", file=file)
    if rows.size and rows.min() < 0:
        row = int(np.argmax((rows < 0).any(axis=1)))
        raise FormatError("A stimulus has a negative number.", file=file, row=row + 1)
    if rows.size and rows.max() >= _MOST_VOTES:
        raise FormatError("A stimulus has a number above 100 million.", file=file)
    return rows.astype(np.int64)


def _names(arrays: dict[str, NDArray[Any]], count: int, file: str) -> NDArray[np.str_]:
    names = arrays.get("stimuli")
    if names is None:
        return np.array([str(one) for one in range(count)], dtype=np.str_)
    if names.ndim != 1 or names.dtype.kind != "U" or len(names) < count or len(np.unique(names)) < len(names):
        raise FormatError("There must be a different name for each stimulus.", file=file, field="stimuli")
    return names


def _pick(arrays: dict[str, NDArray[Any]], names: tuple[str, ...], file: str) -> NDArray[Any]:
    if (named := next((arrays[name] for name in names if name in arrays), None)) is not None:
        return named
    fitting = [one for one in arrays.values() if one.ndim == 2 and one.shape[1] == 3]
    if len(fitting) != 1:
        raise FormatError(f"Which array holds the triplets? There are {', '.join(sorted(arrays))}.", file=file)
    return fitting[0]


def _answered(
    triplets: NDArray[np.int64], line: NDArray[np.int64], answers: NDArray[Any], file: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Rows turned the way they were answered, as often as they were; and how many are undecided."""
    if answers.shape != (len(triplets),) or answers.dtype.kind not in "biu":
        raise FormatError("There must be one whole number or truth value for each triplet as its answer.", file=file)
    values = answers.astype(np.int64)
    if answers.dtype.kind == "b" or (values.size and values.min() >= 0 and values.max() <= 1 and (values == 0).any()):
        values = np.where(values == 1, 1, -1)  # as cblearn reads answers of 0 and 1 only
    times = np.abs(values)
    if times.sum() > _MOST_VOTES:
        raise FormatError("The answers stand for over 100 million votes.", file=file)
    turned = np.where((values > 0)[:, None], triplets, triplets[:, [0, 2, 1]])
    return np.repeat(turned, times, axis=0), np.repeat(line, times), int((values == 0).sum())
