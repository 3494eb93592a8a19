"""Dawid–Skene: each worker has a confusion matrix, and each question a right answer that nobody saw.

    θ[w, c, k] = P(worker w answers c | k is right)         π[k] = P(k is right)
    E   p[q, k] ∝ π[k] · Π over votes (w, c) on q of θ[w, c, k]
    M   n[w, c, k] = Σ over w's votes for c of p[q, k]
        θ[w, c, k] = (n[w, c, k] + α[c, k]) / Σ_c' (n[w, c', k] + α[c', k])        π[k] = (Σ_q p[q, k] + 1) / (Q + K)

α is a Dirichlet prior in pseudo-votes, and learning and judging want different ones:

    to learn    0.003 where c = k and 0.003 over the other K − 1, hardly more than Dawid and Skene's maximum likelihood.
                What a prior gives everybody, it takes from what tells people apart. EM stops when the evidence grows by
                less than `tolerance` nats per free number of the tables, W·K·(K − 1): beyond, it fits noise.
    to judge    `right` where c = k and `wrong` over the others, for θ of the last E step only. One who was right in all
                of four votes is not sure to be right in the fifth; without this p is far too sure.

Of triplets, π is ½, because which candidate is called a says nothing.

With right = wrong = 0 it is maximum likelihood throughout, without a step at the end; θ is then at least 1e-10 where a
worker gave the answer.

Source: A. P. Dawid, A. M. Skene, Journal of the Royal Statistical Society C 28 (1979) 20–28.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import Aggregate, Weighting, check_weighting, from_posterior
from annotation.quality.expectation import Floats, expectation_maximisation
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge

LEAST = 1e-10
LEARN = 0.003  # pseudo-votes


class DawidSkene:
    """Triplets and labels.

    Args:
        weight: "calibrated" or "unit" for (K·p − 1)/(K − 1), "raw" for that times the votes given.
        right: α to judge with where the answer is right.
        wrong: α to judge with, of all the other answers together.
        prevalence: "even" fixes π at 1/K, "estimated" learns it; None is "even" for votes with sides, which are about
            triplets, and "estimated" for others.
        iterations: Most iterations.
        tolerance: Stop when the evidence grows by less, in nats per free number; 0 makes all the iterations.
    """

    version = "2"

    def __init__(
        self,
        weight: Weighting = "calibrated",
        *,
        right: float = 2.0,
        wrong: float = 1.0,
        prevalence: Literal["even", "estimated"] | None = None,
        iterations: int = 200,
        tolerance: float = 3e-4,
    ) -> None:
        self.weight, self.right, self.wrong, self.prevalence = weight, right, wrong, prevalence
        self.iterations, self.tolerance = iterations, tolerance

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions.

        Args:
            votes: V votes on Q questions with K answers.

        Raises:
            ValueError: The weight is unknown.
        """
        check_weighting(self.weight)
        choices, even = votes.n_choices, self._even(votes)
        judges = self.right + self.wrong > 0
        heard = votes.worker if votes.weighted is None else votes.worker[votes.weighted > 0]
        numbers = len(np.unique(heard)) * choices * (choices - 1)
        fitted = expectation_maximisation(
            votes,
            _Confusion(choices, *((LEARN, LEARN) if judges else (0.0, 0.0)), even),
            iterations=self.iterations,
            gain=self.tolerance * numbers,
            last=_Confusion(choices, self.right, self.wrong, even) if judges else None,
        )
        return from_posterior(
            votes,
            fitted.posterior,
            weight=self.weight,
            name="dawid-skene",
            version=self.version,
            judge=Judge("posterior", self.right, self.wrong),
        )

    def _even(self, votes: VoteTable) -> bool:
        return votes.left is not None if self.prevalence is None else self.prevalence == "even"


class _Confusion:
    """Codes say who gave which answer: c = worker·K + answer."""

    def __init__(self, n_choices: int, right: float, wrong: float, even: bool) -> None:
        prior = np.full((n_choices, n_choices), wrong / (n_choices - 1))
        np.fill_diagonal(prior, right)
        self.n_choices, self.prior, self.even = n_choices, prior, even
        self.learns = right + wrong > 0

    def codes(self, votes: VoteTable) -> tuple[NDArray[np.int32], int]:
        """(V,) codes, and W·K."""
        code = votes.worker.astype(np.int32)
        code *= np.int32(self.n_choices)
        code += votes.choice
        return code, votes.n_workers * self.n_choices

    def maximise(self, sums: Floats, mass: Floats) -> tuple[Floats, Floats]:
        """log θ (W·K, K) and log π (K,)."""
        votes = sums.reshape(-1, self.n_choices, self.n_choices) + self.prior
        votes = np.maximum(votes, LEAST)
        theta = votes / votes.sum(axis=1, keepdims=True)
        if self.even:
            prevalence = np.full(self.n_choices, 1 / self.n_choices)
        else:
            smooth = 1.0 if self.learns else 0.0
            prevalence = np.maximum((mass + smooth) / (mass.sum() + smooth * self.n_choices), LEAST)
        return np.log(theta).reshape(-1, self.n_choices), np.log(prevalence)
