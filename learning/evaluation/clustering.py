"""Clustering: k-means with as many clusters as classes, compared with the classes (paper 001, section 4.2.1).

With n_ωc = stimuli of class c in cluster ω and n of them in all:

    NMI = I(Ω; C) / ((H(Ω) + H(C)) / 2)
    P = TP / (TP + FP),  R = TP / (TP + FN),  F1 = 2PR / (P + R)     over pairs: TP = same cluster and class

Manning, Raghavan & Schütze, Introduction to Information Retrieval (2008), section 16.3, which the paper cites.
Resamples repeat rows, which pushes both upwards, so that their intervals are centred on the figure; they hold for these
clusters, and other seeds of k-means vary beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.bootstrap import Interval, Statistic, bootstrap_cells

STARTS = 10  # k-means keeps the best of these


@dataclass(frozen=True)
class Clustering:
    """How well clusters match classes.

    Attributes:
        nmi: normalised mutual information.
        f1: of pairs.
        clusters: (N,) cluster of each stimulus.
    """

    nmi: Interval
    f1: Interval
    clusters: NDArray[np.int64]


def cluster(
    codes: NDArray[np.float32],
    labels: NDArray[np.str_],
    *,
    n_clusters: int | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Clustering:
    """Clusters codes by k-means and compares the clusters with the labels.

    Args:
        codes: (N, D) codes, all with labels.
        labels: (N,) their labels.
        n_clusters: how many clusters; None = as many as classes.
        groups: (N,) subjects, who are resampled; None = stimuli are.
        seed: of k-means and of the intervals.

    Returns:
        The clusters and their figures.

    Raises:
        ValueError: there are fewer codes than clusters.
    """
    from sklearn.cluster import KMeans

    k = len(np.unique(labels)) if n_clusters is None else n_clusters
    if not 1 <= k <= len(codes):
        raise ValueError(f"There are {len(codes)} codes, so {k} clusters cannot be made.")
    means = KMeans(n_clusters=k, n_init=STARTS, random_state=seed).fit(codes.astype(np.float64))
    clusters = means.labels_.astype(np.int64)
    return Clustering(*compare(clusters, labels, groups, seed), clusters=clusters)


def compare(
    clusters: NDArray[np.int64], labels: NDArray[np.str_], groups: ArrayLike | None = None, seed: int = 0
) -> tuple[Interval, Interval]:
    """Compares clusters with classes.

    Args:
        clusters: (N,) cluster of each stimulus.
        labels: (N,) its class.
        groups: (N,) subjects, who are resampled; None = stimuli are.
        seed: of the intervals.

    Returns:
        NMI and F1.
    """
    of_cluster = np.unique(clusters, return_inverse=True)[1]
    classes, of_class = np.unique(labels, return_inverse=True)
    shape = (int(of_cluster.max(initial=0)) + 1, len(classes))
    cells, size = of_cluster * shape[1] + of_class, shape[0] * shape[1]

    def one(statistic: Statistic) -> Interval:
        return bootstrap_cells(
            cells, size, lambda counts: statistic(counts.reshape(-1, *shape)), groups, seed=seed, centred=True
        )

    return one(mutual_information), one(pair_f1)


def mutual_information(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """NMI of many tables at once: (R, Ω, C) counts → (R,); 1 where there is one cluster and one class."""
    share = counts / np.maximum(counts.sum(axis=(1, 2), keepdims=True), 1)
    of_cluster, of_class = _entropy(share.sum(axis=2)), _entropy(share.sum(axis=1))
    mutual = of_cluster + of_class - _entropy(share.reshape(len(share), -1))
    average = (of_cluster + of_class) / 2
    return np.where(average > 0, np.maximum(mutual, 0) / np.where(average > 0, average, 1), 1.0)


def _entropy(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """H = −Σ p log p: (R, K) → (R,)."""
    entropy: NDArray[np.float64] = -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)
    return entropy


def pair_f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 over pairs of many tables at once: (R, Ω, C) counts → (R,); 0 where no pair is right."""
    both = _pairs(counts).sum(axis=(1, 2))
    same_cluster, same_class = _pairs(counts.sum(axis=2)).sum(axis=1), _pairs(counts.sum(axis=1)).sum(axis=1)
    return np.where(both > 0, 2 * both / np.maximum(same_cluster + same_class, 1), 0.0)


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2
