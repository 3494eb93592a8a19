"""Classification by the K nearest training codes (paper 001, section 4.2.2; K = 11).

ŷ(q) = argmax_c |{r in the K nearest of q : y_r = c}|          of equal classes the first in order, as scikit-learn
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.auc import ClassAreas, auc_per_class
from learning.evaluation.bootstrap import RESAMPLES
from learning.evaluation.neighbours import nearest
from learning.evaluation.scores import Scores, score

K = 11
_FEW_CLASSES = 20  # more of them get no interval of their AUC


def vote_shares(
    codes: NDArray[np.float32], labels: NDArray[np.str_], queries: NDArray[np.float32], k: int = K
) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """Counts the labels of each query's neighbours.

    Args:
        codes: (N, D) training codes.
        labels: (N,) their labels.
        queries: (Q, D) codes.
        k: K; where there are fewer training codes, all of them vote.

    Returns:
        (C,) classes in order, and the (Q, C) share of votes for each.

    Raises:
        ValueError: there are no training codes, or not one label a code.
    """
    if len(codes) != len(labels) or not len(codes):
        raise ValueError(f"There are {len(labels)} labels for {len(codes)} training codes.")
    classes, place = np.unique(labels, return_inverse=True)
    k = min(k, len(codes))
    votes = place[nearest(queries, codes, k)]  # (Q, K)
    cells = np.arange(len(queries))[:, None] * len(classes) + votes
    counts = np.bincount(cells.ravel(), minlength=len(queries) * len(classes))
    return classes, counts.reshape(len(queries), len(classes)) / k


def find(
    codes: NDArray[np.float32], labels: NDArray[np.str_], queries: NDArray[np.float32], k: int = K
) -> NDArray[np.str_]:
    """Returns the (Q,) label that most of each query's K nearest training codes have."""
    classes, shares = vote_shares(codes, labels, queries, k)
    found: NDArray[np.str_] = classes[shares.argmax(axis=1)]
    return found


@dataclass(frozen=True)
class Neighbours:
    """What the neighbours told: scores of the found labels, and AUC of each class by its share of votes."""

    scores: Scores
    areas: ClassAreas


def classify_by_neighbours(
    codes: NDArray[np.float32],
    labels: NDArray[np.str_],
    queries: NDArray[np.float32],
    true: NDArray[np.str_],
    *,
    k: int = K,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Neighbours:
    """Finds the labels of test codes among training codes.

    Args:
        codes: (N, D) training codes.
        labels: (N,) their labels.
        queries: (Q, D) test codes.
        true: (Q,) their labels.
        k: K; where there are fewer training codes, all of them vote.
        groups: (Q,) subjects, who are resampled; None = stimuli are.
        seed: of the intervals.

    Returns:
        The figures of the test codes.

    Raises:
        ValueError: there are no training codes, or not one label a code.
    """
    classes, shares = vote_shares(codes, labels, queries, k)
    scores = score(true, classes[shares.argmax(axis=1)], groups, seed)
    resamples = RESAMPLES if len(classes) <= _FEW_CLASSES else 0
    return Neighbours(scores, auc_per_class(shares, true, classes, groups, seed=seed, resamples=resamples))
