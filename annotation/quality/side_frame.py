"""Side-frame Dawid–Skene: skill told from a preference for one side of the screen.

A person who is unsure often takes the picture on the left (or right). Sides are drawn anew for each worker and
question, so that such a habit is no preference for a candidate, and a confusion matrix of candidates a and b cannot
hold it. The frame in which it is simple is the screen's:

    θ[w, s, t] = P(worker w chooses side s | the right answer is on side t),  s, t ∈ {left, right}
    se = θ[w, left, left]      fpr = θ[w, left, right]

while the right answer stays the question's. With l the candidate on the left, b is on side t(l, b):

    E   logit p[q] = log p(b)/p(a) = Σ over votes on q of ± log(θ[w, s, left] / θ[w, s, right]),  + where b was left
    M   n[w, s, t] = Σ over w's votes for side s of P(the right answer is on side t)
        θ[w, s, t] = (n[w, s, t] + α[s, t]) / Σ_s' (n[w, s', t] + α[s', t])

The prior of a question is ½, because sides and names are drawn; α is `right` where s = t, else `wrong`, and leans
towards people who look, so that left and right do not change places. ½(logit se + logit fpr) is the worker's side bias.

Requires sides that were drawn by chance, and recorded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import Aggregate, Weighting, check_weighting, from_posterior
from annotation.quality.dawid_skene import LEAST
from annotation.quality.expectation import Floats, expectation_maximisation
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge


class SideFrame:
    """Triplets only.

    Args:
        weight: "calibrated" or "unit" for 2p − 1, "raw" for that times the votes given.
        right: α where the side is right.
        wrong: α where it is not.
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
            votes: V votes on Q questions, with the sides shown.

        Raises:
            ValueError: The weight is unknown, or the sides are.
        """
        check_weighting(self.weight)
        if votes.left is None and len(votes):
            raise ValueError("side-frame needs to know which candidate was shown on the left for every vote.")
        model = _Sides(self.right, self.wrong)
        fitted = expectation_maximisation(votes, model, iterations=self.iterations, tolerance=self.tolerance)
        return from_posterior(
            votes,
            fitted.posterior,
            weight=self.weight,
            name="side-frame",
            version=self.version,
            judge=Judge("posterior", self.right, self.wrong),
        )


class _Sides:
    """Codes say who chose which side, and who was there: c = 4·worker + 2·side chosen + candidate on the left."""

    def __init__(self, right: float, wrong: float) -> None:
        self.prior = np.array([[right, wrong], [wrong, right]])  # side chosen, right side

    def codes(self, votes: VoteTable) -> tuple[NDArray[np.int32], int]:
        """(V,) codes, and 4W."""
        left = np.zeros(len(votes), dtype=np.int8) if votes.left is None else votes.left
        code = votes.worker.astype(np.int32)
        code *= np.int32(4)
        code += 2 * (votes.choice ^ left) + left
        return code, 4 * votes.n_workers

    def maximise(self, sums: Floats, mass: Floats) -> tuple[Floats, Floats]:
        """log θ by code and right candidate (4W, 2), and log ½ twice."""
        votes = sums.reshape(-1, 2, 2, 2)  # worker, side chosen, candidate on the left, right candidate
        # Where a (0) was on the left the right side is the right candidate's number; where b was, the other one.
        by_side = votes[:, :, 0, :] + votes[:, :, 1, ::-1] + self.prior  # worker, side chosen, right side
        by_side = np.maximum(by_side, LEAST)
        log_theta = np.log(by_side / by_side.sum(axis=1, keepdims=True))
        table = np.stack([log_theta, log_theta[:, :, ::-1]], axis=2)
        return table.reshape(-1, 2), np.full(2, -np.log(2))
