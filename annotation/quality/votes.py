"""Votes as arrays: what every aggregator is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_MOST_CHOICES = np.iinfo(np.int8).max


@dataclass(frozen=True, eq=False)
class VoteTable:
    """V votes on Q questions with K possible answers, validated once. Who could not tell has not voted.

    Attributes:
        question: (V,) int64 in [0, Q).
        worker: (V,) int64, ≥ 0; one number a worker, without large gaps, because arrays are indexed by it.
        choice: (V,) int8 in [0, K). Of a triplet: 0 for candidate a, 1 for candidate b.
        n_questions: Q, answered or not.
        weight: (V,) float64 in [0, 1], how much each vote counts; all 1 where it is left out.
        left: (V,) int8, the candidate that this worker saw on the left, 0 for a and 1 for b; None where it is not
        known. n_choices: K ≥ 2; triplets have 2.

    Raises:
        ValueError: If a vector has another length or type, or a value is out of range; the sentence names the vote.
    """

    question: NDArray[np.int64]
    worker: NDArray[np.int64]
    choice: NDArray[np.int8]
    n_questions: int
    weight: NDArray[np.float64] | None = None
    left: NDArray[np.int8] | None = None
    n_choices: int = 2

    def __post_init__(self) -> None:
        if self.n_questions < 0:
            raise ValueError(f"n_questions is {self.n_questions}; it cannot be negative.")
        if not 2 <= self.n_choices <= _MOST_CHOICES:
            raise ValueError(f"n_choices is {self.n_choices}; it must be between 2 and {_MOST_CHOICES}.")
        question = _whole("question", self.question, self.n_questions - 1, np.int64)
        worker = _whole("worker", self.worker, np.iinfo(np.int64).max, np.int64)
        choice = _whole("choice", self.choice, self.n_choices - 1, np.int8)
        if not len(question) == len(worker) == len(choice):
            raise ValueError(
                f"There are {len(question)} questions, {len(worker)} workers and {len(choice)} choices; "
                f"a vote has one of each."
            )
        for name, values in (("question", question), ("worker", worker), ("choice", choice)):
            object.__setattr__(self, name, values)
        object.__setattr__(self, "weight", self._weights())
        if self.left is not None:
            object.__setattr__(self, "left", self._sides())

    def _weights(self) -> NDArray[np.float64]:
        if self.weight is None:
            return np.broadcast_to(np.float64(1.0), len(self))  # read-only, and takes no memory
        weight = np.array(self.weight, dtype=np.float64)
        if weight.shape != self.question.shape or not ((weight >= 0) & (weight <= 1)).all():
            raise ValueError("weight must have one value between 0 and 1 for each vote.")
        weight.flags.writeable = False
        return weight

    def _sides(self) -> NDArray[np.int8]:
        if self.n_choices != 2:
            raise ValueError("left belongs to triplets, which have 2 candidates.")
        left = _whole("left", self.left, 1, np.int8)
        if len(left) != len(self):
            raise ValueError(f"There are {len(left)} sides for {len(self)} votes; left has one a vote.")
        return left

    def __len__(self) -> int:
        return len(self.question)

    @property
    def n_workers(self) -> int:
        """W, one more than the largest worker's number."""
        return int(self.worker.max()) + 1 if len(self) else 0

    @property
    def weighted(self) -> NDArray[np.float64] | None:
        """(V,) the weights, or None where every vote counts in full."""
        if self.weight is None or self.weight.strides == (0,) or (self.weight == 1).all():
            return None
        return self.weight

    def without(self, excluded: NDArray[np.bool_]) -> Self:
        """The votes of the other workers; questions and workers keep their numbers.

        Args:
            excluded: (W,) or longer, true for each worker whose votes are left out.

        Raises:
            ValueError: If it does not have a value for every worker.
        """
        excluded = np.asarray(excluded, dtype=np.bool_)
        if excluded.ndim != 1 or len(excluded) < self.n_workers:
            raise ValueError(f"excluded has {excluded.size} values; there are {self.n_workers} workers.")
        kept = ~excluded[self.worker]
        whole = self.weight is None or self.weight.strides == (0,)
        return replace(
            self,
            question=self.question[kept],
            worker=self.worker[kept],
            choice=self.choice[kept],
            weight=None if whole or self.weight is None else self.weight[kept],
            left=None if self.left is None else self.left[kept],
        )


def _whole(name: str, values: object, high: int, dtype: type[np.int64] | type[np.int8]) -> NDArray[Any]:
    """A frozen copy of the values as a vector of whole numbers between 0 and high."""
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be a vector of whole numbers.")
    if array.size and not (array.min() >= 0 and array.max() <= high):
        at = int(np.argmax((array < 0) | (array > high)))
        raise ValueError(f"Vote {at}: {name} {array[at]} is not between 0 and {high}.")
    copy = array.astype(dtype)
    copy.flags.writeable = False
    return copy
