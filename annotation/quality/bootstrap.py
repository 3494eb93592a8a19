"""Bootstrap over questions, without drawing a single question.

Agreement and its relatives depend on a question only through its counts, and many questions have the same: with five
votes for two candidates there are six patterns. A bootstrap sample of Q questions is then a multinomial draw of how
often each of P patterns occurs,

    m (B, P) ~ Multinomial(Q, times / Q),

and where a statistic is a function g of sums of features f (P, F) over questions, all B of its replicates are g(m·f).
The interval is made of the replicates' quantiles (the percentile interval). Questions are drawn, not votes: votes on
one question belong together.

Source: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_CELLS = 1 << 22  # numbers drawn at a time


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval about it; all NaN where there is nothing to estimate from."""

    value: float
    low: float
    high: float


def count_patterns(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different rows, and how often each occurs.

    Args:
        counts: (Q, K), ≥ 0.

    Returns:
        (P, K) rows in a fixed order; (P,) times, which sum to Q.
    """
    counts = np.asarray(counts)
    base = int(counts.max(initial=0)) + 1
    if base ** counts.shape[1] >= 1 << 62:
        rows, times = np.unique(counts, axis=0, return_counts=True)
        return rows, times
    powers = np.array([base**k for k in range(counts.shape[1])])
    keys, times = np.unique(counts @ powers, return_counts=True)
    return keys[:, None] // powers % base, times


def bootstrap(
    features: NDArray[np.float64],
    times: NDArray[np.int64],
    statistic: Statistic,
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """A statistic with its percentile interval.

    Args:
        features: (P, F) of each pattern.
        times: (P,) questions with that pattern.
        statistic: g, from (B, F) sums of features to (B,) values; NaN where it is not defined.
        draws: B.
        seed: The same seed gives the same interval.
        level: Share of the replicates inside.
    """
    features, times = np.asarray(features, dtype=np.float64), np.asarray(times)
    questions = int(times.sum())
    if not questions:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(statistic((times @ features)[None, :])[0])
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // len(times))
    replicates = np.concatenate(
        [
            statistic(rng.multinomial(questions, times / questions, size=min(step, draws - at)) @ features)
            for at in range(0, draws, step)
        ]
    )
    defined = replicates[~np.isnan(replicates)]
    if not len(defined):
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))
