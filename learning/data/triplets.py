"""The one form in which answers reach a model: rows (anchor, nearer, farther) with weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class TripletSet:
    """T judgements "the anchor is more like ``nearer`` than like ``farther``" about N stimuli.

    Make it with ``build``, which validates; nothing else accepts raw rows.

    Attributes:
        triplets: (T, 3) rows of stimuli: anchor, nearer, farther.
        weights: (T,) reliability, 0 or more; 0 is the same as absent.
        margins: (T,) vote margin, 0 where nobody voted (triplets made from labels).
        split: (T,) 0 train, 1 validation, 2 test.
        votes: (T,) how many people answered; at least the margin.
    """

    triplets: NDArray[np.int64]
    weights: NDArray[np.float32]
    margins: NDArray[np.int16]
    split: NDArray[np.int8]
    votes: NDArray[np.int16]

    @classmethod
    def build(
        cls,
        triplets: ArrayLike,
        n_stimuli: int,
        weights: ArrayLike | None = None,
        margins: ArrayLike | None = None,
        split: ArrayLike | None = None,
        votes: ArrayLike | None = None,
    ) -> TripletSet:
        """Validates rows and makes a set of them.

        Args:
            triplets: (T, 3) whole numbers: anchor, nearer, farther.
            n_stimuli: N; every number must be in [0, N).
            weights: (T,) 0 or more; None means 1.
            margins: (T,) 0 or more; None means 0, nobody voted.
            split: (T,) 0, 1 or 2; None means all train.
            votes: (T,) at least the margin; None means the largest margin of all, which is the number of votes wherever
                at least one triplet was answered unanimously.

        Returns:
            The set, in its own read-only arrays.

        Raises:
            ValueError: the first thing that is wrong, with its row.
        """
        rows = np.asarray(triplets)
        if rows.size == 0:
            rows = rows.reshape(-1, 3) if rows.ndim < 2 else rows
        elif not np.issubdtype(rows.dtype, np.integer):
            raise ValueError(f"Triplets must be whole numbers, not {rows.dtype}.")
        if rows.ndim != 2 or rows.shape[1] != 3:
            raise ValueError(f"Triplets must have the shape (T, 3), not {rows.shape}.")
        rows = rows.astype(np.int64)
        _check_rows(rows, n_stimuli)
        n = len(rows)
        weight = _column("weight", weights, n, np.float32, 1)
        margin = _column("margin", margins, n, np.int16, 0)
        part = _column("split", split, n, np.int8, 0)
        _refuse("weight must be a finite number, 0 or more", ~(np.isfinite(weight) & (weight >= 0)), weight)
        _refuse("margin must be 0 or more", margin < 0, margin)
        _refuse("split must be 0 (train), 1 (validation) or 2 (test)", (part < 0) | (part > 2), part)
        count = _column("vote count", votes, n, np.int16, int(margin.max(initial=0)))
        _refuse("votes must be at least the margin", count < margin, count)
        for array in (rows, weight, margin, part, count):
            array.flags.writeable = False
        return cls(rows, weight, margin, part, count)

    def __len__(self) -> int:
        return len(self.triplets)

    def of_split(self, split: int) -> TripletSet:
        """Returns the triplets of one split (0 train, 1 validation, 2 test)."""
        return self.where(self.split == split)

    def where(self, keep: NDArray[np.bool_]) -> TripletSet:
        """Returns the triplets where ``keep`` (T,) is true, in their order."""
        return TripletSet(
            self.triplets[keep], self.weights[keep], self.margins[keep], self.split[keep], self.votes[keep]
        )


def _check_rows(rows: NDArray[np.int64], n_stimuli: int) -> None:
    outside = ((rows < 0) | (rows >= n_stimuli)).any(axis=1)
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(f"Triplet {row} is {rows[row].tolist()}, but stimuli are numbered 0 to {n_stimuli - 1}.")
    anchor, nearer, farther = rows.T
    selfish = (anchor == nearer) | (anchor == farther) | (nearer == farther)
    if selfish.any():
        row = int(selfish.argmax())
        raise ValueError(f"Triplet {row} is {rows[row].tolist()} and compares a stimulus with itself.")


def _column(name: str, values: ArrayLike | None, n: int, dtype: Any, default: int) -> NDArray[Any]:
    if values is None:
        return np.full(n, default, dtype=dtype)
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"There must be one {name} a triplet, shape ({n},), not {array.shape}.")
    with np.errstate(over="ignore", invalid="ignore"):
        column = array.astype(dtype)
    if np.issubdtype(dtype, np.integer):
        _refuse(f"{name} must be a whole number in range", column != array, array)
    return column


def _refuse(rule: str, bad: NDArray[np.bool_], values: NDArray[Any]) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"Triplet {row}: {rule}, but it is {values[row]}.")
