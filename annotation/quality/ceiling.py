"""The noise ceiling: how well anybody, and any embedding, could do on these questions.

Of votes c (K,) on a question, n = Σ_k c_k ≥ 2:

    pair        P(two people give the same answer) = Σ c_k(c_k − 1) / Σ n(n − 1), over questions
    others      P(the majority of the others predicts a person's vote): for a vote k the others are c − e_k; their
                largest answer counts 1 if it is k, 1/t if k is one of t that are level, else 0
    plurality   mean of max_k c_k / n: what an embedding would score that knew every majority. It is measured with the
                votes that made the majority, so it flatters; `others` does not, and a perfect embedding lies between
                the two
    answers     mean of max_k p_k over the posteriors of a method: how often its winners are right, if its posteriors
                are. An embedding that knew the truth would agree with the winners this often, and no more

Compare a model's accuracy on single votes with `others` and `plurality`, its accuracy on aggregated answers with
`answers`. Intervals are over questions: bootstrap for the first three, and for `answers`, a plain mean, ±1.96 standard
errors, to which the bootstrap of a mean comes. Measured on others' data: two people agree on 63.5 % of pairs about
faces, and the mean plurality share of THINGS is 67.2 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.quality.bootstrap import Estimate, bootstrap, count_patterns

Floats = NDArray[np.float64]

_WIDTH = 1.959964  # standard errors on either side of a 95 % interval


@dataclass(frozen=True)
class Ceiling:
    """How well anybody could do.

    Attributes:
        pair: One person predicts another.
        others: The majority of the others predicts a person.
        plurality: Mean share of the largest answer.
        answers: Expected accuracy of the aggregated answers; NaN without posteriors.
        questions: Questions with at least two votes.
    """

    pair: Estimate
    others: Estimate
    plurality: Estimate
    answers: Estimate
    questions: int


def noise_ceiling(
    counts: NDArray[np.int64], posterior: Floats | None = None, *, draws: int = 1000, seed: int = 0
) -> Ceiling:
    """The ceiling of some questions.

    Args:
        counts: (Q, K) votes; questions with fewer than two are left out.
        posterior: (Q, K) of an aggregator; questions without votes are left out.
        draws: Bootstrap samples.
        seed: Of them.
    """
    counts = np.asarray(counts)
    patterns, times = count_patterns(counts)
    several = patterns.sum(axis=1) >= 2
    patterns, times = patterns[several], times[several]
    n = patterns.sum(axis=1).astype(np.float64)
    ones = np.ones_like(n)
    shares = {
        "pair": ((patterns * (patterns - 1)).sum(axis=1), n * (n - 1)),
        "others": (_predicted(patterns), n),
        "plurality": (patterns.max(axis=1, initial=0) / n, ones),
    }
    estimates = {
        name: bootstrap(np.column_stack(parts), times, _share, draws=draws, seed=seed) for name, parts in shares.items()
    }
    answered = counts.sum(axis=1) > 0
    nothing = Estimate(np.nan, np.nan, np.nan)
    answers = nothing if posterior is None else _mean(np.asarray(posterior)[answered].max(axis=1, initial=0))
    return Ceiling(**estimates, answers=answers, questions=int(times.sum()))


def _predicted(counts: NDArray[np.int64]) -> Floats:
    """(P,) votes on each question that the majority of the others predicts; level answers share."""
    predicted = np.zeros(len(counts))
    for answer in range(counts.shape[1]):
        others = counts.copy()
        others[:, answer] -= 1
        largest = others == others.max(axis=1, keepdims=True)
        predicted += counts[:, answer] * largest[:, answer] / largest.sum(axis=1)
    return predicted


def _share(sums: Floats) -> Floats:
    share: Floats = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    return share


def _mean(values: Floats) -> Estimate:
    if not len(values):
        return Estimate(np.nan, np.nan, np.nan)
    mean, error = float(values.mean()), float(values.std() / np.sqrt(len(values)))
    return Estimate(mean, max(mean - _WIDTH * error, 0.0), min(mean + _WIDTH * error, 1.0))
