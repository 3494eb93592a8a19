"""One coin a worker: a person is right with one probability, whatever the question.

    a[w] = P(worker w is right);  each of the K − 1 wrong answers has (1 − a[w]) / (K − 1)
    E   p[q, k] ∝ Π over votes (w, c) on q of (a[w] if c = k else (1 − a[w]) / (K − 1))
    M   a[w] = (Σ over w's votes of p[q, c] + α) / (votes of w + α + β)

α = `right` and β = `wrong` are a Beta prior in pseudo-votes. One number is learnt quickly, from few votes a worker, but
a person who prefers one answer or one side cannot be told from one who errs: see `side_frame` for triplets and
`dawid_skene` for labels, of which some are rare.

Source: G. Demartini, D. E. Difallah, P. Cudré-Mauroux, ZenCrowd, WWW 2012 (its worker model); Dawid–Skene with one
parameter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import Aggregate, Weighting, check_weighting, from_posterior
from annotation.quality.dawid_skene import LEAST
from annotation.quality.expectation import Floats, expectation_maximisation
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge


class OneCoin:
    """Triplets and labels, each answer as likely as the other before anybody voted.

    Args:
        weight: "calibrated" or "unit" for (K·p − 1)/(K − 1), "raw" for that times the votes given.
        right: α.
        wrong: β.
        iterations: Most iterations.
        tolerance: Stop when no posterior changes by more; 0 makes all the iterations.
    """

    version = "1"

    def __init__(
        self,
        weight: Weighting = "calibrated",
        *,
        right: float = 2.0,
        wrong: float = 1.0,
        iterations: int = 200,
        tolerance: float = 1e-6,
    ) -> None:
        self.weight, self.right, self.wrong = weight, right, wrong
        self.iterations, self.tolerance = iterations, tolerance

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions.

        Args:
            votes: V votes on Q questions with K answers.

        Raises:
            ValueError: The weight is unknown.
        """
        check_weighting(self.weight)
        model = _Coin(votes.n_choices, self.right, self.wrong)
        fitted = expectation_maximisation(votes, model, iterations=self.iterations, tolerance=self.tolerance)
        return from_posterior(
            votes,
            fitted.posterior,
            weight=self.weight,
            name="one-coin",
            version=self.version,
            judge=Judge("posterior", self.right, self.wrong),
        )


class _Coin:
    """Codes say who gave which answer: c = worker·K + answer."""

    def __init__(self, n_choices: int, right: float, wrong: float) -> None:
        self.n_choices, self.right, self.wrong = n_choices, right, wrong

    def codes(self, votes: VoteTable) -> tuple[NDArray[np.int32], int]:
        """(V,) codes, and W·K."""
        return (votes.worker * self.n_choices + votes.choice).astype(np.int32), votes.n_workers * self.n_choices

    def maximise(self, sums: Floats, mass: Floats) -> tuple[Floats, Floats]:
        """log P(answer | right answer) (W·K, K) and an even log π (K,)."""
        votes = sums.reshape(-1, self.n_choices, self.n_choices)  # worker, answer, right answer
        right = np.maximum(np.trace(votes, axis1=1, axis2=2) + self.right, LEAST)
        wrong = np.maximum(votes.sum(axis=(1, 2)) - right + self.right + self.wrong, LEAST)
        accuracy = right / (right + wrong)
        table = np.empty_like(votes)
        table[:] = np.log((1 - accuracy) / (self.n_choices - 1))[:, None, None]
        diagonal = np.arange(self.n_choices)
        table[:, diagonal, diagonal] = np.log(accuracy)[:, None]
        return table.reshape(-1, self.n_choices), np.full(self.n_choices, -np.log(self.n_choices))
