"""Majority with the margin as weight.

Paper 000, IV-B: five people answer each triplet, and "the difference in the number of votes for each answer (5, 3 or 1)
give a reliability statistic that we use as a weighting coefficient".

With v_a and v_b votes for the candidates a and b of a question:

    margin m = |v_a − v_b|          winner = a if v_a > v_b, b if v_b > v_a, none if equal
    weight   = m                    ("raw":  5, 3, 1 with five votes)
             = m / (v_a + v_b)      ("unit": 1, .6, .2 with five votes; questions with unequal numbers of votes compare)
             = 2·p[m] − 1           ("calibrated": .94, .82, .40 by the standing table; p is how often such a majority
                                     is right, see `calibration`)

Example: votes a a a b a give m = 3, winner a, weight 3, 0.6 or 0.82. Ties and questions without votes weigh 0.
The posterior of the winner is p[m].

Where a worker's votes count less (w < 1), m in the weight becomes Σ w over votes for the winner − Σ w over the others,
at least 0, and a calibrated weight shrinks in the same proportion. Counts, margin and winner stay those of the votes as
they were given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import Aggregate, Weighting, check_weighting, vote_counts
from annotation.quality.calibration import STANDING, Calibration
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge


class MarginAggregator:
    """Counts votes.

    Args:
        weight: "raw" for the margin itself (the paper), "unit" for the margin over the votes given, "calibrated" for
            2p − 1.
        calibration: p by margin; the standing table where it is left out.
    """

    version = "1"

    def __init__(self, weight: Weighting = "raw", *, calibration: Calibration = STANDING) -> None:
        self.weight, self.calibration = weight, calibration

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions in one pass.

        Args:
            votes: V votes on Q triplets.

        Raises:
            ValueError: The weight is unknown, or the questions have more than two answers.
        """
        check_weighting(self.weight)
        if votes.n_choices != 2:
            raise ValueError(f"margin is for triplets; these votes have {votes.n_choices} answers to choose from.")
        counts = vote_counts(votes)  # (Q, 2)
        ahead = counts[:, 1] - counts[:, 0]
        margin = np.abs(ahead)
        winner = (ahead > 0).astype(np.int8)
        winner[margin == 0] = -1
        p = self.calibration.table(int(margin.max(initial=0)))
        posterior = np.empty((votes.n_questions, 2))
        np.take(np.concatenate([1 - p[:0:-1], p]), ahead + (len(p) - 1), out=posterior[:, 1])
        np.subtract(1, posterior[:, 1], out=posterior[:, 0])
        return Aggregate(
            counts=counts,
            margin=margin,
            posterior=posterior,
            winner=winner,
            weight=self._weight(votes, counts, margin, ahead, p).astype(np.float32),
            method=f"margin/{self.weight}",
            version=self.version,
            votes_given=votes,
            judge=Judge("others", 0.5, 0.5),
        )

    def _weight(
        self,
        votes: VoteTable,
        counts: NDArray[np.int64],
        margin: NDArray[np.int64],
        ahead: NDArray[np.int64],
        p: NDArray[np.float64],
    ) -> NDArray[Any]:
        lead: NDArray[Any] = margin
        if votes.weighted is not None:
            cell = 2 * votes.question + votes.choice
            weighted = np.bincount(cell, weights=votes.weighted, minlength=2 * votes.n_questions).reshape(-1, 2)
            lead = np.maximum((weighted[:, 1] - weighted[:, 0]) * np.sign(ahead), 0)
        if self.weight == "raw":
            return lead
        if self.weight == "unit":
            return np.asarray(lead / np.maximum(counts.sum(axis=1), 1))
        return np.asarray((2 * p - 1)[margin] * (lead / np.maximum(margin, 1)))
