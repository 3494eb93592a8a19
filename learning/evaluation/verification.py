"""Verification: do two stimuli show the same person? (paper 002, Table 2; the protocol of Labeled Faces in the Wild)

Persons are dealt into F folds. A pair (i, j) of a fold has the distance d = ‖z_i − z_j‖ and is called "same" where
d ≤ τ. For each fold, τ is the threshold with the best accuracy on the *other* folds:

    τ_f = argmax_τ Σ_{pairs not in f} [ (d ≤ τ) = same ],      accuracy = mean over all pairs of [ (d ≤ τ_f) = same ]

AUC needs no threshold. Pairs of a fold share persons and folds do not, so that intervals resample folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.evaluation.auc import auc
from learning.evaluation.bootstrap import Interval, bootstrap_mean

FOLDS = 10
PAIRS = 6000


@dataclass(frozen=True)
class Pairs:
    """P pairs of stimuli.

    Attributes:
        rows: (P, 2) rows of stimuli.
        same: (P,) whether both show one person.
        fold: (P,) fold of the pair; no person is in two folds.
    """

    rows: NDArray[np.int64]
    same: NDArray[np.bool_]
    fold: NDArray[np.int64]


@dataclass(frozen=True)
class Verification:
    """Figures of verification.

    Attributes:
        accuracy: share of pairs told right at the best threshold of the other folds.
        auc: area under the ROC curve of −d.
        thresholds: (F,) τ of each fold.
        count: P.
    """

    accuracy: Interval
    auc: Interval
    thresholds: tuple[float, ...]
    count: int


def verify(codes: NDArray[np.float32], pairs: Pairs, seed: int = 0) -> Verification:
    """Tells same persons from different ones by distance.

    Args:
        codes: (N, D) codes.
        pairs: P pairs of them in at least two folds.
        seed: of the intervals.

    Returns:
        The figures.

    Raises:
        ValueError: all pairs are in one fold.
    """
    folds = np.unique(pairs.fold)
    if len(folds) < 2:
        raise ValueError("All pairs are in one fold, so there is no other fold to take a threshold from.")
    gaps = codes[pairs.rows[:, 0]].astype(np.float64) - codes[pairs.rows[:, 1]]
    distances = np.sqrt(np.square(gaps).sum(axis=1))
    right = np.empty(len(distances), dtype=np.bool_)
    thresholds = []
    for fold in folds:
        inside = pairs.fold == fold
        threshold = best_threshold(distances[~inside], pairs.same[~inside])
        right[inside] = (distances[inside] <= threshold) == pairs.same[inside]
        thresholds.append(threshold)
    return Verification(
        accuracy=bootstrap_mean(right, pairs.fold, seed=seed),
        auc=auc(-distances, pairs.same, pairs.fold, seed=seed),
        thresholds=tuple(thresholds),
        count=len(distances),
    )


def best_threshold(distances: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Returns the τ with the most pairs told right: halfway between two distances, the smallest of equals.

    Args:
        distances: (P,) distances.
        same: (P,) truths.

    Returns:
        τ; below the smallest distance where calling nothing "same" is best.
    """
    order = np.argsort(distances, kind="stable")
    d, truth = distances[order], same[order]
    # After m pairs are called same: right = same ones among the first m + different ones among the rest.
    right = np.r_[0, np.cumsum(truth)] + np.r_[0, np.cumsum(~truth)][-1] - np.r_[0, np.cumsum(~truth)]
    cuts = np.r_[True, np.diff(d) > 0, True]  # a threshold cannot part equal distances
    best = int(np.where(cuts, right, -1).argmax())
    if best == 0:
        return float(np.nextafter(d[0], -np.inf))
    return float(d[-1]) if best == len(d) else float((d[best - 1] + d[best]) / 2)


def make_pairs(subjects: NDArray[np.str_], count: int = PAIRS, folds: int = FOLDS, seed: int = 0) -> Pairs | None:
    """Draws pairs, half of them of one person, without repeating one.

    Args:
        subjects: (N,) persons, "" where unknown.
        count: P at most; where a fold has fewer pairs of one kind, both kinds are cut to as many.
        folds: F at most; each needs two persons.
        seed: of the draws.

    Returns:
        The pairs; None where the persons do not fill two folds with pairs of both kinds.
    """
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(subjects != "")
    people, place = np.unique(subjects[known], return_inverse=True)
    folds = min(folds, len(people) // 2)
    if folds < 2:
        return None
    fold_of = rng.permutation(len(people)) % folds
    wanted = max(1, count // (2 * folds))
    parts: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]] = []
    for fold in range(folds):
        inside = fold_of[place] == fold
        drawn = _draw(known[inside], place[inside], wanted, rng)
        if drawn is not None:
            parts.append((*drawn, np.full(len(drawn[0]), len(parts))))
    if len(parts) < 2:
        return None
    rows, same, fold_column = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Pairs(rows, same, fold_column)


def _draw(
    rows: NDArray[np.int64], person: NDArray[np.int64], wanted: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Draws up to ``wanted`` pairs of each kind among the rows of one fold: (P, 2) rows and (P,) same."""
    order = np.argsort(person, kind="stable")
    rows, person = rows[order], person[order]
    _, first, size = np.unique(person, return_index=True, return_counts=True)
    pools = []
    for same in (True, False):
        found = np.empty((0, 2), dtype=np.int64)
        for _ in range(20):  # rejection; a few rounds fill what can be filled
            tries = 4 * wanted
            one = rng.integers(len(rows), size=tries)
            group = np.searchsorted(first, one, side="right") - 1
            other = first[group] + rng.integers(size[group]) if same else rng.integers(len(rows), size=tries)
            fits = (one != other) & ((person[one] == person[other]) == same)
            pairs = np.sort(np.column_stack([one, other])[fits], axis=1)
            found = np.unique(np.concatenate([found, pairs]), axis=0)
            if len(found) >= wanted:
                break
        pools.append(found)
    kept = min(wanted, *(len(pool) for pool in pools))
    if not kept:
        return None
    chosen = np.concatenate([pool[rng.permutation(len(pool))[:kept]] for pool in pools])
    return rows[chosen], np.repeat([True, False], kept)
