"""How far people agree: Krippendorff's α, Fleiss' κ and percent agreement, from the table of counts.

With c (Q, K) votes on questions that have n = Σ_k c_k ≥ 2, N = Σ_q n and C_k = Σ_q c_k:

    α = 1 − (N − 1) · Σ_q (n² − Σ_k c_k²)/(n − 1)  /  (N² − Σ_k C_k²)                        (nominal)
    κ = (P̄ − Pₑ) / (1 − Pₑ),   P̄ = mean_q Σ_k c_k(c_k − 1) / (n(n − 1)),   Pₑ = Σ_k (C_k / N)²
    percent = Σ_q Σ_k c_k(c_k − 1)  /  Σ_q n(n − 1)       pairs of votes on a question that agree, of all such pairs

α and κ are 1 for perfect agreement and 0 for what chance would give; they are not defined where only one answer was
ever given. κ is Fleiss' with the plain mean over questions where their numbers of votes differ. On hard triplets both
are low by nature: people who are right with .84 together can have κ = .18.

Sources: K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011; J. L. Fleiss, Measuring nominal scale
agreement among many raters, Psychological Bulletin 76 (1971) 378–382.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.quality.bootstrap import Estimate, Statistic, bootstrap, count_patterns

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How far people agree on some questions.

    Attributes:
        alpha: Krippendorff's, nominal.
        kappa: Fleiss'.
        percent: Share of pairs of votes that agree, in [0, 1].
        questions: Questions with at least two votes.
        votes: Votes on them.
        pairs: Pairs of votes on the same question.
    """

    alpha: Estimate
    kappa: Estimate
    percent: Estimate
    questions: int
    votes: int
    pairs: int


def agreement(counts: NDArray[np.int64], *, draws: int = 1000, seed: int = 0) -> Agreement:
    """The three figures with bootstrap intervals over questions.

    Args:
        counts: (Q, K) votes; questions with fewer than two are left out.
        draws: Bootstrap samples.
        seed: Of them.
    """
    patterns, times = count_patterns(np.asarray(counts))
    several = patterns.sum(axis=1) >= 2
    patterns, times = patterns[several], times[several]
    n = patterns.sum(axis=1)
    features = _features(patterns)
    alpha, kappa, percent = (
        bootstrap(features, times, figure, draws=draws, seed=seed) for figure in (_alpha, _kappa, _percent)
    )
    return Agreement(
        alpha=alpha,
        kappa=kappa,
        percent=percent,
        questions=int(times.sum()),
        votes=int(times @ n),
        pairs=int(times @ (n * (n - 1) // 2)),
    )


def agreement_by(
    counts: NDArray[np.int64], group: NDArray[np.generic], *, draws: int = 1000, seed: int = 0
) -> dict[object, Agreement]:
    """Agreement of each group of questions, such as rounds or splits, in the order of the groups.

    Args:
        counts: (Q, K) votes.
        group: (Q,) what each question belongs to.
        draws: Bootstrap samples.
        seed: Of them.
    """
    return {one.item(): agreement(np.asarray(counts)[group == one], draws=draws, seed=seed) for one in np.unique(group)}


def krippendorff_alpha(counts: NDArray[np.int64]) -> float:
    """α alone, NaN where it is not defined."""
    return _figure(counts, _alpha)


def fleiss_kappa(counts: NDArray[np.int64]) -> float:
    """κ alone, NaN where it is not defined."""
    return _figure(counts, _kappa)


def percent_agreement(counts: NDArray[np.int64]) -> float:
    """Share of pairs alone, NaN where there are no pairs."""
    return _figure(counts, _percent)


def _figure(counts: NDArray[np.int64], figure: Statistic) -> float:
    counts = np.asarray(counts)
    several = counts[counts.sum(axis=1) >= 2]
    return float(figure(_features(several).sum(axis=0)[None, :])[0])


def _features(counts: NDArray[np.int64]) -> Floats:
    """(P, 5 + K) what the three figures need of each question: sums over questions are all that they read."""
    n = counts.sum(axis=1).astype(np.float64)
    squares = (counts.astype(np.float64) ** 2).sum(axis=1)
    agreeing, pairs = squares - n, n * (n - 1)  # ordered pairs
    return np.column_stack([np.ones_like(n), (n**2 - squares) / (n - 1), agreeing / pairs, agreeing, pairs, counts])


def _alpha(sums: Floats) -> Floats:
    by_answer = sums[:, 5:]
    votes = by_answer.sum(axis=1)
    return 1 - _ratio((votes - 1) * sums[:, 1], votes**2 - (by_answer**2).sum(axis=1))


def _kappa(sums: Floats) -> Floats:
    by_answer = sums[:, 5:]
    observed = _ratio(sums[:, 2], sums[:, 0])
    votes = by_answer.sum(axis=1)
    expected = _ratio((by_answer**2).sum(axis=1), votes**2)
    return _ratio(observed - expected, 1 - expected)


def _percent(sums: Floats) -> Floats:
    return _ratio(sums[:, 3], sums[:, 4])


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=np.abs(below) > 1e-12)
