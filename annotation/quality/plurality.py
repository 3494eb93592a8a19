"""Plurality over K classes: the label that most people chose, and how far it leads.

With v_k votes for label k of a question, the margin is m = v_(1) − v_(2), the most votes less the second most; the
winner is the label with v_(1), none where m = 0. Where every vote has a weight w in [0, 1], the weight of the winner k
is W = Σ w over votes for k − the largest such sum of another label, at least 0; with w = 1 it is the margin. "Unit"
divides W by the number of votes, so that questions with unequal numbers compare.

Example: votes 0 0 0 2 1 give m = 2, winner 0, weight 2 or 0.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Plurality:
    """What Q label questions come to.

    Attributes:
        counts: (Q, K) int64, votes for each label.
        margin: (Q,) int64, ≥ 0.
        winner: (Q,) int64 in [0, K), −1 where the votes are level or there are none.
        weight: (Q,) float32, ≥ 0; 0 where there is no winner.
        version: Changes when the same votes would give other numbers.
    """

    counts: NDArray[np.int64]
    margin: NDArray[np.int64]
    winner: NDArray[np.int64]
    weight: NDArray[np.float32]
    version: str = "1"


def plurality(
    *,
    question: NDArray[np.int64],
    choice: NDArray[np.int64],
    n_questions: int,
    n_choices: int,
    vote_weight: NDArray[np.float64] | None = None,
    unit: bool = False,
) -> Plurality:
    """Count V votes on Q questions with K labels, in one pass.

    Args:
        question: (V,) in [0, Q).
        choice: (V,) in [0, K).
        n_questions: Q.
        n_choices: K ≥ 2.
        vote_weight: (V,) in [0, 1]; all 1 where it is left out.
        unit: Divide the weight by the votes given.

    Raises:
        ValueError: Lengths differ, a number is out of its range, or K < 2.
    """
    if n_choices < 2:
        raise ValueError(f"There are {n_choices} labels; there must be at least 2.")
    weights = np.ones(len(question)) if vote_weight is None else np.asarray(vote_weight, dtype=np.float64)
    if not len(question) == len(choice) == len(weights):
        raise ValueError("question, choice and vote_weight must have one value a vote each.")
    for name, values, high in (("question", question, n_questions), ("choice", choice, n_choices)):
        if len(values) and not (values.min() >= 0 and values.max() < high):
            raise ValueError(f"{name} must be between 0 and {high - 1}.")
    cell = np.asarray(question, dtype=np.int64) * n_choices + choice
    shape = (n_questions, n_choices)
    counts = np.bincount(cell, minlength=n_questions * n_choices).reshape(shape).astype(np.int64)
    weighted = np.bincount(cell, weights=weights, minlength=n_questions * n_choices).reshape(shape)
    top = np.argmax(counts, axis=1)
    rows = np.arange(n_questions)
    margin = counts[rows, top] - _without(counts, top).max(axis=1, initial=0).astype(np.int64)
    winner = np.where(margin > 0, top, -1)
    lead = weighted[rows, top] - _without(weighted, top).max(axis=1, initial=0.0)
    weight = np.where(margin > 0, np.maximum(lead, 0.0), 0.0)
    if unit:
        weight = weight / np.maximum(counts.sum(axis=1), 1)
    return Plurality(counts, margin, winner, weight.astype(np.float32))


def _without(table: NDArray[np.generic], top: NDArray[np.int64]) -> NDArray[np.float64]:
    """The table with each row's top set to −1, below any count."""
    rest = table.astype(np.float64)
    rest[np.arange(len(table)), top] = -1.0
    return rest
