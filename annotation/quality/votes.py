"""Votes as arrays: what every aggregator is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class VoteTable:
    """V votes on Q questions, validated once.

    Attributes:
        question: (V,) int64 in [0, Q).
        worker: (V,) int64, ≥ 0; one number a worker.
        choice: (V,) int8, 0 for candidate a, 1 for candidate b.
        n_questions: Q, answered or not.
        weight: (V,) float64 in [0, 1], how much each vote counts; all 1 where it is left out.

    Raises:
        ValueError: If a vector has another length or type, or a value is out of range; the sentence names the vote.
    """

    question: NDArray[np.int64]
    worker: NDArray[np.int64]
    choice: NDArray[np.int8]
    n_questions: int
    weight: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.n_questions < 0:
            raise ValueError(f"n_questions is {self.n_questions}; it cannot be negative.")
        question = _whole("question", self.question, self.n_questions - 1).astype(np.int64)
        worker = _whole("worker", self.worker, np.iinfo(np.int64).max).astype(np.int64)
        choice = _whole("choice", self.choice, 1).astype(np.int8)
        if not len(question) == len(worker) == len(choice):
            raise ValueError(
                f"There are {len(question)} questions, {len(worker)} workers and {len(choice)} choices; "
                f"a vote has one of each."
            )
        weight = np.ones(len(question)) if self.weight is None else np.array(self.weight, dtype=np.float64)
        if weight.shape != question.shape or not ((weight >= 0) & (weight <= 1)).all():
            raise ValueError("weight must have one value between 0 and 1 for each vote.")
        for name, values in (("question", question), ("worker", worker), ("choice", choice), ("weight", weight)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.question)


def _whole(name: str, values: NDArray[np.generic], high: int) -> NDArray[np.int64]:
    """The values as a vector of whole numbers between 0 and high."""
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be a vector of whole numbers.")
    wrong = (array < 0) | (array > high)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(f"Vote {at}: {name} {array[at]} is not between 0 and {high}.")
    return array
