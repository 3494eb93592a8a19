"""How often the majority is right, by its margin.

p[m] = P(the majority is right | it leads by m votes), and the weight 2·p[m] − 1 of a calibrated margin: 0 where the
majority is no better than a coin, 1 where it cannot be wrong.

Without evidence p is the standing table, measured on six public sets of binary votes, five a question: .970, .911 and
.700 at margins 5, 3 and 1. Between them the log-odds log p/(1 − p) run straight, through 0 at margin 0, and beyond 5
they rise by .6 a vote. Evidence moves it: with r[m] questions of margin m of which the majority was right, of n[m] in
all,

    p[m] = (r[m] + s·p₀[m]) / (n[m] + s),   s = 10 questions' worth of the standing table p₀,

then made to rise with m by pooling neighbours (weighted isotonic regression), and never under ½. Evidence comes from
questions with a known answer, from the posterior of a model of workers, or from the votes of other people on the same
questions.

Source: measurements and 2p − 1 of the vote-quality survey; the paper's own weight is the margin (paper 000, IV-B).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import lead

Floats = NDArray[np.float64]

_MARGINS = (0, 1, 3, 5)
_PROBABILITIES = (0.5, 0.700, 0.911, 0.970)
_SLOPE = 0.6  # log-odds of each vote beyond margin 5
STRENGTH = 10.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is known of majorities.

    Attributes:
        asked: (M + 1,) float64, n by margin; empty without evidence.
        right: (M + 1,) float64, r by margin.
        source: Where it comes from: "standing", "gold", "posterior" or "others".
    """

    asked: Floats
    right: Floats
    source: str

    def observed(self) -> Floats:
        """(M + 1,) r/n, NaN where there is no evidence."""
        observed: Floats = np.divide(self.right, self.asked, out=np.full(len(self.asked), np.nan), where=self.asked > 0)
        return observed

    def table(self, largest: int) -> Floats:
        """(largest + 1,) p[0], p[1], …, p[largest]."""
        size = max(largest + 1, len(self.asked))
        asked, right = np.zeros(size), np.zeros(size)
        asked[: len(self.asked)], right[: len(self.right)] = self.asked, self.right
        p = (right + STRENGTH * standing(np.arange(size))) / (asked + STRENGTH)
        p = _rising(np.maximum(p[1:], 0.5), asked[1:] + STRENGTH)
        return np.concatenate([[0.5], p])[: largest + 1]

    def probability(self, margin: NDArray[np.int64]) -> Floats:
        """p of each margin, ½ for a tie."""
        margin = np.asarray(margin)
        return np.asarray(self.table(int(margin.max(initial=0)))[margin])


STANDING = Calibration(np.zeros(0), np.zeros(0), "standing")


def standing(margin: NDArray[np.int64]) -> Floats:
    """The standing table at each margin."""
    odds = np.log(_PROBABILITIES) - np.log1p(-np.asarray(_PROBABILITIES))
    log_odds = np.interp(margin, _MARGINS, odds) + _SLOPE * np.maximum(np.asarray(margin) - _MARGINS[-1], 0)
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def calibrate_by_gold(margin: NDArray[np.int64], winner: NDArray[np.int8], truth: NDArray[np.int64]) -> Calibration:
    """Evidence of questions of which the right answer is known.

    Args:
        margin: (Q,).
        winner: (Q,) −1 for none.
        truth: (Q,) the right answer, −1 where it is not known.
    """
    margin, winner, truth = np.asarray(margin), np.asarray(winner), np.asarray(truth)
    known = (truth >= 0) & (winner >= 0)
    return _evidence(margin[known], (winner == truth)[known].astype(np.float64), "gold")


def calibrate_by_posterior(margin: NDArray[np.int64], winner: NDArray[np.int8], posterior: Floats) -> Calibration:
    """Evidence of a model of workers, such as the side-frame one.

    Args:
        margin: (Q,).
        winner: (Q,) of the majority, −1 for none.
        posterior: (Q, K) of the model.
    """
    decided = np.flatnonzero(np.asarray(winner) >= 0)
    right = posterior[decided, np.asarray(winner)[decided]]
    return _evidence(np.asarray(margin)[decided], right, "posterior")


def calibrate_by_draws(counts: NDArray[np.int64], drawn: int, truth: NDArray[np.int64] | None = None) -> Calibration:
    """How the majority of some of the votes fares, over all ways to draw them.

    For counts c (K,), drawing d votes without regard to who gave them yields x (K,) with the multivariate
    hypergeometric probability Π C(c_k, x_k) / C(Σc, d). The majority of x is compared with the right answer where it is
    given, and else with the majority of the rest c − x. Draws without a winner, and those whose rest has none, are left
    out. The sum runs over all draws, so the result is exact and needs no random numbers; n[m] and r[m] are expected
    questions.

    Args:
        counts: (Q, K) votes; questions with too few are left out.
        drawn: d ≥ 1.
        truth: (Q,) the right answers.
    """
    counts = np.asarray(counts)
    answer = np.full(len(counts), -1) if truth is None else np.asarray(truth)
    enough = counts.sum(axis=1) >= drawn + (truth is None)
    rows, times = np.unique(np.column_stack([counts, answer])[enough], axis=0, return_counts=True)
    patterns, answer = rows[:, :-1], rows[:, -1]
    asked, right = np.zeros(drawn + 1), np.zeros(drawn + 1)
    for x in _draws(drawn, counts.shape[1]):
        top, margin = (int(one[0]) for one in lead(x[None, :]))
        rest, ahead = lead(patterns - x)
        best, known = (rest, ahead > 0) if truth is None else (answer, answer >= 0)
        chance = times * np.exp(_log_chance(patterns, x)) * known * (margin > 0)
        asked[margin] += chance.sum()
        right[margin] += chance[best == top].sum()
    return Calibration(asked, right, "others" if truth is None else "gold")


def _draws(drawn: int, choices: int) -> Iterator[NDArray[np.int64]]:
    """Every way to spread the votes drawn over the answers."""
    for draw in product(range(drawn + 1), repeat=choices):
        if sum(draw) == drawn:
            yield np.array(draw)


def _log_chance(counts: NDArray[np.int64], x: NDArray[np.int64]) -> Floats:
    """(Q,) log-probability of drawing x from each row of counts, −∞ where there are too few votes."""
    factorial = _log_factorials(int(counts.sum(axis=1).max(initial=0)) + 1)

    def choose(n: NDArray[np.int64], k: NDArray[np.int64]) -> Floats:
        return np.asarray(factorial[n] - factorial[k] - factorial[np.maximum(n - k, 0)])

    possible = (counts >= x).all(axis=1)
    total = counts.sum(axis=1)
    log_chance = choose(counts, np.minimum(x, counts)).sum(axis=1) - choose(total, np.full_like(total, x.sum()))
    return np.asarray(np.where(possible, log_chance, -np.inf))


@cache
def _log_factorials(size: int) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])


def _evidence(margin: NDArray[np.int64], right: Floats, source: str) -> Calibration:
    asked = np.bincount(margin).astype(np.float64)
    return Calibration(asked, np.bincount(margin, weights=right, minlength=len(asked)).astype(np.float64), source)


def _rising(values: Floats, weights: Floats) -> Floats:
    """The nearest vector that never falls: neighbours out of order are pooled into their mean."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while pools and pools[-1][0] > mean:
            before, its, more = pools.pop()
            mean, mass, length = (before * its + mean * mass) / (its + mass), its + mass, length + more
        pools.append((mean, mass, length))
    return np.repeat([mean for mean, _, _ in pools], [length for _, _, length in pools])
