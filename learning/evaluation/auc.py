"""Area under the ROC curve, one class against the rest (paper 002, section 5.3).

    AUC = P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)        over all pairs of a stimulus of the class and one of another

Computed from the order of the scores (Mann & Whitney 1947); rows may count several times, so that resamples are cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.bootstrap import RESAMPLES, Interval, bootstrap_rows


def auc(
    scores: ArrayLike,
    positive: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Returns how often a positive row scores above a negative one.

    Args:
        scores: (n,) higher = more likely positive.
        positive: (n,) truths.
        groups: (n,) subjects, who are resampled; None = rows are.
        seed: of the interval.
        resamples: of the interval.

    Returns:
        The area and its interval; None where all rows are positive or all negative.

    Raises:
        ValueError: there is not one truth a score.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=np.bool_)
    if values.shape != truth.shape or values.ndim != 1:
        raise ValueError(f"There are scores of shape {values.shape}, but truths of shape {truth.shape}.")
    order = np.argsort(values, kind="stable")
    ties = np.flatnonzero(np.r_[True, np.diff(values[order]) > 0]) if len(values) else np.empty(0, np.int64)
    right = truth[order]

    def areas(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        w = weights[:, order]
        above = np.add.reduceat(w * right, ties, axis=1)  # (R, distinct scores)
        below = np.add.reduceat(w * ~right, ties, axis=1)
        won = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share: NDArray[np.float64] = won / (above.sum(axis=1) * below.sum(axis=1))
        return share

    return bootstrap_rows(areas, len(values), groups, seed=seed, resamples=resamples)


@dataclass(frozen=True)
class ClassAreas:
    """AUC of each class, and their mean over the classes that have one."""

    by_class: dict[str, Interval]
    mean: float | None


def auc_per_class(
    scores: NDArray[np.float64],
    labels: NDArray[np.str_],
    classes: NDArray[np.str_],
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ClassAreas:
    """Sets each class against the rest.

    Args:
        scores: (n, C) score of each class, a classifier's or the share of neighbours.
        labels: (n,) true labels.
        classes: (C,) the class of each column.
        groups: (n,) subjects, who are resampled; None = rows are.
        seed: of the intervals.
        resamples: of the intervals.

    Returns:
        The areas.

    Raises:
        ValueError: there is not one column of scores a class, or not one row a label.
    """
    if scores.shape != (len(labels), len(classes)):
        raise ValueError(f"There are {len(labels)} labels and {len(classes)} classes, but scores of {scores.shape}.")
    by_class = {
        str(name): auc(scores[:, column], labels == name, groups, seed=seed, resamples=resamples)
        for column, name in enumerate(classes)
    }
    known = [area.value for area in by_class.values() if area.value is not None]
    return ClassAreas(by_class, float(np.mean(known)) if known else None)
