"""Retrieval: Recall@K and Acc@K (paper 001, section 4.2.1 and figure 3).

Each stimulus of a set queries the others, never itself. With h_qj = [y of the j-th nearest = y_q]:

    Recall@K = mean_q max_{j ≤ K} h_qj            any of the K
    Acc@K    = mean_q (1/K) Σ_{j ≤ K} h_qj        their share
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.bootstrap import Interval, bootstrap_mean
from learning.evaluation.neighbours import nearest

KS = (1, 5, 10, 20)


@dataclass(frozen=True)
class Retrieval:
    """Recall@K and Acc@K by K, over ``count`` queries."""

    recall: dict[int, Interval]
    accuracy: dict[int, Interval]
    count: int


def retrieve(
    codes: NDArray[np.float32],
    labels: NDArray[np.str_],
    ks: Sequence[int] = KS,
    *,
    queries: NDArray[np.int64] | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Retrieval:
    """Lets stimuli query each other.

    Args:
        codes: (N, D) codes of one set, all with labels.
        labels: (N,) their labels.
        ks: the K; those above N − 1 are left out.
        queries: (Q,) rows that query; None = all.
        groups: (N,) subjects, who are resampled; None = stimuli are.
        seed: of the intervals.

    Returns:
        Both measures by K.
    """
    rows = np.arange(len(codes)) if queries is None else queries
    possible = [k for k in sorted(set(ks)) if 1 <= k < len(codes)]
    if not possible or not len(rows):
        return Retrieval({}, {}, 0)
    found = nearest(codes[rows], codes, possible[-1], itself=rows)
    hits = labels[found] == labels[rows][:, None]  # (Q, K)
    of = None if groups is None else np.asarray(groups)[rows]
    recall = {k: bootstrap_mean(hits[:, :k].any(axis=1), of, seed=seed) for k in possible}
    accuracy = {k: bootstrap_mean(hits[:, :k].mean(axis=1), of, seed=seed) for k in possible}
    return Retrieval(recall, accuracy, len(rows))
