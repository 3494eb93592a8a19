"""Accuracy, precision, recall and F1 of found labels (paper 001, Table 2).

With n_ab = stimuli of class a that were found to be b, over the classes that occur as a or as b:

    accuracy = Σ_a n_aa / Σ_ab n_ab
    P = mean_a n_aa / Σ_b n_ba,    R = mean_a n_aa / Σ_b n_ab          a class never found, or never true, counts 0
    F1 = 2PR / (P + R)

F1 is the harmonic mean of the macro averages, not the mean of the classes' F1: the paper's 2·88.614·68.724 / 157.338 is
its 77.412.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.bootstrap import Interval, bootstrap_cells

NAMES = ("accuracy", "precision", "recall", "f1")


@dataclass(frozen=True)
class Scores:
    """How well labels were found, each in [0, 1]; ``count`` stimuli were tried."""

    accuracy: Interval
    precision: Interval
    recall: Interval
    f1: Interval
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Returns {"accuracy": {"value", "low", "high"}, "precision", "recall", "f1", "count"}."""
        return {name: getattr(self, name).as_dict() for name in NAMES} | {"count": self.count}


def score(true: NDArray[np.str_], found: NDArray[np.str_], groups: ArrayLike | None = None, seed: int = 0) -> Scores:
    """Compares found labels with true ones.

    Args:
        true: (n,) labels.
        found: (n,) what was found.
        groups: (n,) subjects, who are resampled; None = stimuli are.
        seed: of the intervals.

    Returns:
        The scores with their intervals.

    Raises:
        ValueError: there is not one found label a true one.
    """
    if true.shape != found.shape:
        raise ValueError(f"There are labels of shape {true.shape}, but found ones of shape {found.shape}.")
    classes, place = np.unique(np.concatenate([true, found]), return_inverse=True)
    k = len(classes)
    cells = place[: len(true)] * k + place[len(true) :]

    def one(name: str) -> Interval:
        return bootstrap_cells(
            cells, k * k, lambda counts: confusion_scores(counts.reshape(-1, k, k))[name], groups, seed=seed
        )

    return Scores(one("accuracy"), one("precision"), one("recall"), one("f1"), len(true))


def confusion_scores(confusion: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Scores of many confusion tables at once.

    Args:
        confusion: (R, C, C) counts, true classes down and found ones across.

    Returns:
        (R,) accuracy, precision, recall and f1 by name.
    """
    right = np.diagonal(confusion, axis1=1, axis2=2)  # (R, C)
    true, found = confusion.sum(axis=2), confusion.sum(axis=1)
    present = (true + found > 0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = right.sum(axis=1) / true.sum(axis=1)
        precision = np.where(found > 0, right / found, 0).sum(axis=1) / present
        recall = np.where(true > 0, right / true, 0).sum(axis=1) / present
        both = precision + recall
        f1 = np.where(both > 0, 2 * precision * recall / both, np.where(present > 0, 0.0, np.nan))
    return {"accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1}
